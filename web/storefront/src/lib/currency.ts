// The currency the shopper chose; the shop's own until then.

import type { Shop } from 'securecart-client';
import { Signal, useSignal } from 'securecart-kit/signal';
import { readStored, store } from 'securecart-kit/storage';

const name = 'securecart.currency';
const chosen = new Signal<string | null>(readStored<string>(name));

export function currencyOf(shop: Shop): string {
  const wanted = chosen.get();
  return wanted !== null && shop.currencies.includes(wanted) ? wanted : shop.default_currency;
}

export function useCurrency(shop: Shop): string {
  useSignal(chosen);
  return currencyOf(shop);
}

export function chooseCurrency(currency: string): void {
  store(name, currency);
  chosen.set(currency);
}
