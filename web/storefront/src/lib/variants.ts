// Choosing a variant by its options. Pure.

import type { Product, Variant } from 'securecart-client';

export type Choice = readonly string[]; // one value an option, in the options' order

export const findVariant = (product: Product, choice: Choice): Variant | undefined =>
  product.variants.find((variant) =>
    variant.option_values.every((value, i) => value === choice[i]),
  );

// What to show first: the variant asked for, else the first that can be bought, else the first.
export function firstChoice(product: Product, variantId: string | null): Choice {
  const variant =
    product.variants.find((one) => one.id === variantId) ??
    product.variants.find((one) => one.available) ??
    product.variants[0];
  return variant?.option_values ?? [];
}

export type Offer = 'available' | 'sold_out' | 'missing';

// What choosing `value` for the option at `index`, with the other options as they are, would give.
export function offerOf(product: Product, choice: Choice, index: number, value: string): Offer {
  const variant = findVariant(
    product,
    choice.map((other, i) => (i === index ? value : other)),
  );
  if (variant === undefined) {
    return 'missing';
  }
  return variant.available ? 'available' : 'sold_out';
}

// A value that does not exist with the rest of the choice takes the nearest variant that has it.
export function choose(product: Product, choice: Choice, index: number, value: string): Choice {
  const wanted = choice.map((other, i) => (i === index ? value : other));
  if (findVariant(product, wanted) !== undefined) {
    return wanted;
  }
  const shared = (variant: Variant) =>
    variant.option_values.filter((other, i) => other === wanted[i]).length;
  const candidates = product.variants.filter((one) => one.option_values[index] === value);
  const nearest = candidates.sort(
    (a, b) => shared(b) - shared(a) || Number(b.available) - Number(a.available),
  )[0];
  return nearest?.option_values ?? wanted;
}
