// From cart to order, once.
//
// The key and the body are written down before they are first sent (lib/attempts.ts) and sent until
// the server settles it: with an order, or with a refusal that says nothing happened. Whatever
// happens between (lost answers, a server that dies and comes back, a reload), there is one order.

import {
  isPassing,
  withRetries,
  type CartCompletion,
  type Order,
  type RetryOptions,
} from 'securecart-client';

import { completeCart, type CartRef } from '../api/store';
import { beginAttempt, endAttempt, pendingAttempt } from './attempts';
import { keepOrder, rememberPlaced } from './guest_orders';
import { session } from './session';

// The total the shopper saw goes along, so that nothing dearer is bought.
export interface Completion extends CartCompletion {
  expected_total: number;
}

const purposeOf = (cart: CartRef) => `complete.${cart.id}`;

// The completion that was begun and never settled: a reload, a crash.
export const unsettledCompletion = (cart: CartRef): Completion | null =>
  pendingAttempt<Completion>(purposeOf(cart))?.body ?? null;

export type CheckoutOptions = Pick<RetryOptions, 'onPause' | 'pause'>;

export async function completeOnce(
  cart: CartRef,
  completion: Completion,
  options: CheckoutOptions = {},
): Promise<Order> {
  const purpose = purposeOf(cart);
  const attempt = beginAttempt(purpose, completion);
  try {
    const { order, token } = await withRetries(
      () => completeCart(cart, attempt.body, attempt.key),
      { attempts: Infinity, firstPauseMs: 400, longestPauseMs: 4_000, ...options },
    );
    const { id, number, placed_at } = order;
    keepOrder({ id, token, number, placed_at, unseen: true, account: session.get() !== null });
    rememberPlaced(order);
    endAttempt(purpose);
    return order;
  } catch (error) {
    if (!isPassing(error)) {
      endAttempt(purpose); // refused: the next try is a new one
    }
    throw error;
  }
}
