// The shop these pages belong to, and how it wants to look.

import { createContext, useContext } from 'react';
import type { Shop } from 'securecart-client';

const Context = createContext<Shop | null>(null);
export const ShopProvider = Context.Provider;

export function useShop(): Shop {
  const shop = useContext(Context);
  if (shop === null) {
    throw new Error('useShop outside of ShopProvider');
  }
  return shop;
}

// Whether listed prices contain the tax of a country; of the shop's own, while nobody knows where to.
export function pricesIncludeTax(shop: Shop, country: string = shop.home_country): boolean {
  return shop.tax_included_in[country] ?? shop.prices_include_tax;
}

// What the shop's `presentation` may hold; everything is optional and checked, as it is written by
// people.
export interface Presentation {
  logo?: string;
  favicon?: string;
  hero?: string;
  hero_alt?: string;
  headline?: string;
  intro?: string;
  about?: string;
  featured?: string[]; // handles
  colours?: Partial<Record<'paper' | 'ink' | 'accent' | 'highlight', string>>;
}

const isPicture = (src: string) => /^(\/(?!\/)|https:\/\/)/.test(src);
const isColour = (colour: unknown): colour is string =>
  typeof colour === 'string' && /^#[0-9a-f]{6}$/i.test(colour);

export function presentationOf(shop: Shop): Presentation {
  const given = shop.presentation;
  const result: Presentation = {};
  for (const name of ['headline', 'intro', 'about', 'hero_alt'] as const) {
    const value = given[name];
    if (typeof value === 'string' && value !== '') {
      result[name] = value;
    }
  }
  for (const name of ['logo', 'favicon', 'hero'] as const) {
    const value = given[name];
    if (typeof value === 'string' && isPicture(value)) {
      result[name] = value;
    }
  }
  if (Array.isArray(given['featured'])) {
    result.featured = given['featured'].filter((one): one is string => typeof one === 'string');
  }
  result.colours = coloursOf(given['colours']);
  return result;
}

function coloursOf(given: unknown): NonNullable<Presentation['colours']> {
  const colours: NonNullable<Presentation['colours']> = {};
  if (typeof given === 'object' && given !== null) {
    for (const name of ['paper', 'ink', 'accent', 'highlight'] as const) {
      const colour = (given as Record<string, unknown>)[name];
      if (isColour(colour)) {
        colours[name] = colour;
      }
    }
  }
  return colours;
}

// The tokens of styles/tokens.css are mixed from these.
export function dress(presentation: Presentation): void {
  for (const [name, colour] of Object.entries(presentation.colours ?? {})) {
    document.documentElement.style.setProperty(`--brand-${name}`, colour);
  }
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (presentation.favicon !== undefined && icon !== null) {
    icon.href = presentation.favicon;
  }
}
