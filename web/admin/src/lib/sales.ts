// Sales as plots: the slots that sold nothing are filled in. Pure.

import type { SalesSlot } from 'securecart-client';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export function midnight(now: number): number {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

export interface Sums {
  orders: number;
  total: number;
  refunded: number;
}

export function sumOf(items: SalesSlot[], currency: string): Sums {
  const sums = { orders: 0, total: 0, refunded: 0 };
  for (const slot of items) {
    if (slot.currency === currency) {
      sums.orders += slot.orders;
      sums.total += slot.total;
      sums.refunded += slot.refunded;
    }
  }
  return sums;
}

// Totals of `count` slots of `stepMs` from `from` on.
export function series(
  items: SalesSlot[],
  currency: string,
  from: number,
  stepMs: number,
  count: number,
): number[] {
  const values = new Array<number>(count).fill(0);
  for (const slot of items) {
    const index = Math.round((Date.parse(slot.at) - from) / stepMs);
    if (slot.currency === currency && index >= 0 && index < count) {
      values[index] = (values[index] ?? 0) + slot.total;
    }
  }
  return values;
}

// The currencies that something was sold in, the shop's own first.
export function currenciesOf(items: SalesSlot[], own: string): string[] {
  const sold = new Set(items.map(({ currency }) => currency));
  sold.delete(own);
  return [own, ...[...sold].sort()];
}
