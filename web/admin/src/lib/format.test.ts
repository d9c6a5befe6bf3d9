import { describe, expect, it } from 'vitest';

import { moneyText, parseMoney, parseWhole, words } from './format';

describe('parseMoney', () => {
  it.each([
    ['58', 'EUR', 5800],
    ['58.5', 'EUR', 5850],
    [' 58,05 ', 'EUR', 5805],
    ['5800', 'JPY', 5800],
    ['0', 'GBP', 0],
  ])('reads %s %s', (text, currency, amount) => expect(parseMoney(text, currency)).toBe(amount));

  it.each([
    ['', 'EUR'],
    ['-1', 'EUR'],
    ['1.234', 'EUR'],
    ['1.5', 'JPY'],
    ['1e3', 'EUR'],
    ['12 €', 'EUR'],
  ])('refuses "%s" %s', (text, currency) => expect(parseMoney(text, currency)).toBeNull());

  it('reads what moneyText writes', () => {
    for (const amount of [0, 1, 99, 100, 123_456]) {
      expect(parseMoney(moneyText(amount, 'EUR'), 'EUR')).toBe(amount);
    }
  });
});

describe('small ones', () => {
  it('parseWhole takes signs and nothing else', () => {
    expect([parseWhole('7'), parseWhole('-3'), parseWhole('+2')]).toEqual([7, -3, 2]);
    expect([parseWhole(''), parseWhole('1.5'), parseWhole('x')]).toEqual([null, null, null]);
  });
  it('words makes a code readable', () => {
    expect(words('partially_refunded')).toBe('Partially refunded');
  });
});
