import type { Promotion, Shop } from 'securecart-client';
import { describe, expect, it } from 'vitest';

import { basisPoints, bodyOf, draftOf, emptyDraft, problemsOf, sayOff, stateOf, wallClock } from './promotion';

const shop = { currencies: ['EUR', 'JPY'] } as Shop;

const promotion: Promotion = {
  id: 'promo_1',
  title: 'Harvest',
  code: 'HARVEST',
  kind: 'percentage',
  basis_points: 1250,
  product_ids: ['prod_1'],
  collection_ids: [],
  minimum_subtotal: { EUR: 4990 },
  combines: true,
  active: true,
  starts_at: null,
  ends_at: null,
  usage_limit: 5,
  customer_limit: null,
  used: 0,
  created_at: '2026-01-31T09:30:00.000Z',
  version: 3,
};

describe('a percentage', () => {
  it('is typed with a point or a comma', () => {
    expect(basisPoints('12.5')).toBe(1250);
    expect(basisPoints(' 12,5 ')).toBe(1250);
    expect(basisPoints('100')).toBe(10_000);
  });

  it('is more than nothing and at most everything', () => {
    for (const text of ['', '0', '0.00', '100.01', '101', '-5', '1.234', 'half']) {
      expect(basisPoints(text), text).toBeNull();
    }
  });
});

describe('a draft', () => {
  it('goes out as it came in', () => {
    const draft = draftOf(promotion, shop);
    expect(draft.percent).toBe('12.5');
    expect(draft.minimum).toEqual({ EUR: '49.90', JPY: '' });
    expect(problemsOf('percentage', true, draft, shop)).toEqual({});
    expect(bodyOf('percentage', draft)).toEqual({
      title: 'Harvest',
      active: true,
      combines: true,
      basis_points: 1250,
      product_ids: ['prod_1'],
      collection_ids: [],
      minimum_subtotal: { EUR: 4990 },
      starts_at: null,
      ends_at: null,
      usage_limit: 5,
      customer_limit: null,
    });
  });

  it('sends what was changed alone', () => {
    expect(bodyOf('percentage', { limit: '' })).toEqual({ usage_limit: null });
    expect(bodyOf('fixed_amount', { amounts: { EUR: '5', JPY: '' } })).toEqual({
      amounts: { EUR: 500 },
    });
  });

  it('tells what it lacks', () => {
    const empty = emptyDraft(shop);
    expect(Object.keys(problemsOf('percentage', true, empty, shop))).toEqual(['title', 'percent']);
    expect(Object.keys(problemsOf('fixed_amount', true, empty, shop))).toEqual(['title', 'amounts']);
    expect(Object.keys(problemsOf('buy_x_get_y', true, empty, shop))).toEqual([
      'title',
      'percent',
      'buy',
      'get',
    ]);
    const titled = { ...empty, title: 'Post' };
    expect(problemsOf('free_shipping', false, titled, shop)).toEqual({});
    const odd = { ...titled, limit: '0', minimum: { EUR: 'x', JPY: '' } };
    expect(Object.keys(problemsOf('free_shipping', true, odd, shop))).toEqual(['minimum', 'limit']);
    const backwards = { ...titled, starts: '2026-02-01T00:00', ends: '2026-01-01T00:00' };
    expect(Object.keys(problemsOf('free_shipping', true, backwards, shop))).toEqual(['ends']);
  });

  it('keeps a time on the clock of whoever looks', () => {
    const time = new Date(2026, 0, 5, 7, 30).toISOString();
    expect(wallClock(time)).toBe('2026-01-05T07:30');
    expect(wallClock(null)).toBe('');
  });
});

describe('a promotion in words', () => {
  it('says what it takes off', () => {
    expect(sayOff(promotion)).toBe('12.5%');
    expect(sayOff({ ...promotion, kind: 'fixed_amount', amounts: { EUR: 500 } })).toBe('€5.00');
    const units = { ...promotion, kind: 'buy_x_get_y', buy_quantity: 2, get_quantity: 1 } as const;
    expect(sayOff({ ...units, basis_points: 10_000 })).toBe('Buy 2, get 1');
    expect(sayOff({ ...units, basis_points: 5_000 })).toBe('Buy 2, get 1 at 50% off');
  });

  it('says what it does right now', () => {
    const now = Date.parse('2026-01-31T12:00:00Z');
    expect(stateOf(promotion, now).words).toBe('On');
    expect(stateOf({ ...promotion, used: 5 }, now).words).toBe('Used up');
    expect(stateOf({ ...promotion, active: false }, now).words).toBe('Off');
    expect(stateOf({ ...promotion, ends_at: '2026-01-31T12:00:00Z' }, now).words).toBe('Ended');
    expect(stateOf({ ...promotion, starts_at: '2026-02-01T12:00:00Z' }, now).words).toBe(
      'From 1 Feb 2026',
    );
  });
});
