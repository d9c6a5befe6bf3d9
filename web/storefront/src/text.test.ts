import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { money } from './lib/money';
import { countryName, sayDay } from './lib/words';
import { chooseLanguage, preferredLanguage, speak, text } from './text';
import { de } from './text/de';
import { en } from './text/en';

beforeEach(() => localStorage.clear());
afterEach(() => speak('en'));

describe('the language', () => {
  it('is the first of the browser’s that we speak', () => {
    expect(preferredLanguage(['fr-FR', 'de-AT', 'en'])).toBe('de');
    expect(preferredLanguage(['fr', 'en-GB', 'de'])).toBe('en');
    expect(preferredLanguage(['fr', 'toString'])).toBe('en');
  });

  it('stays as it was chosen', async () => {
    await chooseLanguage('de');
    expect(preferredLanguage(['en'])).toBe('de');
    expect(document.documentElement.lang).toBe('de');
  });

  it('changes words, money, days and countries', async () => {
    await speak('de');
    expect(text.cart.title).toBe('Ihr Warenkorb');
    expect(money(1_234_50, 'EUR')).toMatch(/^1\.234,50\s€$/);
    expect(sayDay('2026-03-05T12:00:00Z')).toBe('5. März 2026');
    expect(countryName('NL')).toBe('Niederlande');
  });
});

// Every sentence that has values in one language has them in the other, in the same number.
describe('German and English', () => {
  const shape = (words: unknown): unknown =>
    typeof words === 'function'
      ? words.length
      : typeof words === 'object' && words !== null
        ? Object.fromEntries(Object.entries(words).map(([name, value]) => [name, shape(value)]))
        : typeof words;

  it('say the same things', () => {
    expect(shape(de)).toEqual(shape(en));
  });
});
