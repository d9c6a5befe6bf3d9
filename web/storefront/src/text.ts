// Every word the pages say, in the shopper's language: `text` is the same shape in each.
//
// English is part of the first load, the other languages are files of their own. `text` is a live
// binding: what is drawn after speak() is drawn in that language.

import { Signal } from 'securecart-kit/signal';
import { readStored, store } from 'securecart-kit/storage';

import { en } from './text/en';

export type Text = typeof en;
export type Language = 'en' | 'de';

export const languages: Record<Language, { name: string; locale: string }> = {
  en: { name: 'English', locale: 'en-IE' },
  de: { name: 'Deutsch', locale: 'de-DE' },
};

const name = 'securecart.language';

export let text: Text = en;
// What is spoken at the moment; the whole page is drawn anew with it.
export const language = new Signal<Language>('en');

const isLanguage = (value: string | null): value is Language =>
  value !== null && Object.hasOwn(languages, value);

// What the shopper chose here before, else the first of the browser's languages that we speak.
export function preferredLanguage(wishes: readonly string[]): Language {
  const chosen = readStored<string>(name);
  if (isLanguage(chosen)) {
    return chosen;
  }
  return wishes.map((wish) => wish.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en';
}

// Fetches the words when they are not here yet. A language that cannot be fetched stays unspoken.
export async function speak(next: Language): Promise<void> {
  text = next === 'de' ? (await import('./text/de')).de : en;
  document.documentElement.lang = next;
  language.set(next);
}

export async function chooseLanguage(next: Language): Promise<void> {
  await speak(next);
  store(name, next);
}

// Of numbers, dates and names of countries.
export const locale = (): string => languages[language.get()].locale;
