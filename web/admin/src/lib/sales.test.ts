import { describe, expect, it } from 'vitest';

import { currenciesOf, hourMs, series, sumOf } from './sales';

const from = Date.parse('2026-03-05T00:00:00Z');
const slot = (hour: number, currency: string, total: number) => ({
  at: new Date(from + hour * hourMs).toISOString(),
  currency,
  orders: 1,
  total,
  refunded: 10,
});
const items = [slot(1, 'EUR', 100), slot(3, 'GBP', 7), slot(3, 'EUR', 50), slot(9, 'EUR', 1)];

describe('sales', () => {
  it('fill the slots that sold nothing', () => {
    expect(series(items, 'EUR', from, hourMs, 5)).toEqual([0, 100, 0, 50, 0]);
  });
  it('are summed in one currency', () => {
    expect(sumOf(items, 'EUR')).toEqual({ orders: 3, total: 151, refunded: 30 });
  });
  it('name their currencies, the own one first', () => {
    expect(currenciesOf(items, 'GBP')).toEqual(['GBP', 'EUR']);
    expect(currenciesOf([], 'USD')).toEqual(['USD']);
  });
});
