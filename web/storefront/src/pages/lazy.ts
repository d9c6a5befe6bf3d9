// Pages that are fetched when they are first needed. Home and lists are part of the first load.

import { lazy } from 'react';
import { sleep } from 'securecart-client';

const tries = 8;
const longestPauseMs = 4_000;

// A page's file that does not come is asked for again: the server may be starting anew.
function persistent<T>(load: () => Promise<T>): () => Promise<T> {
  return async () => {
    for (let n = 1; ; ++n) {
      try {
        return await load();
      } catch (error) {
        if (n === tries) {
          throw error;
        }
        await sleep(Math.min(250 * 2 ** n, longestPauseMs));
      }
    }
  };
}

// What fails now is loaded when it is needed.
export function prefetchPage(load: () => Promise<unknown>): void {
  load().catch(() => undefined);
}

export const loadProductPage = persistent(() =>
  import('./product_page').then(({ ProductPage }) => ({ default: ProductPage })),
);
export const loadCheckoutPage = persistent(() =>
  import('./checkout_page').then(({ CheckoutPage }) => ({ default: CheckoutPage })),
);
export const loadOrderPage = persistent(() =>
  import('./order_page').then(({ OrderPage }) => ({ default: OrderPage })),
);

export const ProductPage = lazy(loadProductPage);
export const CheckoutPage = lazy(loadCheckoutPage);
export const OrderPage = lazy(loadOrderPage);
export const CartPage = lazy(
  persistent(() => import('./cart_page').then(({ CartPage }) => ({ default: CartPage }))),
);
export const AccountPage = lazy(
  persistent(() => import('./account_page').then(({ AccountPage }) => ({ default: AccountPage }))),
);
