// An order on its way to the server: shared by all pages, since it goes on when the shopper walks
// away from the checkout, and after a reload.

import { currentPlace, navigate } from 'securecart-kit/router';
import { Signal } from 'securecart-kit/signal';

import { cartRef, cartState, leaveCart, refreshCart } from './cart';
import { completeOnce, unsettledCompletion, type Completion } from './checkout';
import { markSeen, unseenOrder } from './guest_orders';

export interface Placing {
  resumed: boolean;
  failures: number; // so far
  tryNow: (() => void) | null; // while pausing
}

export interface Refusal {
  error: unknown;
  shownTotal: number;
}

export const placing = new Signal<Placing | null>(null);
export const refusal = new Signal<Refusal | null>(null);
// Placed while the shopper was elsewhere: on another page of ours, or just leaving this one.
export const placedMeanwhile = new Signal<{ id: string; number: string } | null>(unseenOrder());

export function orderSeen(id: string): void {
  markSeen(id);
  if (placedMeanwhile.get()?.id === id) {
    placedMeanwhile.set(null);
  }
}

// A pause that "Try now" ends early.
function impatientPause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const tryNow = () => {
      clearTimeout(timer);
      resolve();
    };
    const now = placing.get();
    if (now !== null) {
      placing.set({ ...now, tryNow });
    }
  });
}

export async function placeOrder(completion: Completion, resumed = false): Promise<void> {
  const ref = cartRef();
  if (ref === null || placing.get() !== null) {
    return;
  }
  refusal.set(null);
  placing.set({ resumed, failures: 0, tryNow: null });
  try {
    const order = await completeOnce(ref, completion, {
      onPause: (failures) => placing.set({ resumed, failures, tryNow: null }),
      pause: impatientPause,
    });
    if (currentPlace().path === '/checkout') {
      navigate(`/orders/${order.id}`, { replace: true });
      window.scrollTo(0, 0);
    } else {
      placedMeanwhile.set(order);
    }
    leaveCart();
  } catch (error) {
    refusal.set({ error, shownTotal: completion.expected_total });
    await refreshCart().catch(() => undefined);
  } finally {
    placing.set(null);
  }
}

// Goes on with what an earlier visit began and never saw the end of.
export function resumePlacing(): void {
  const ref = cartRef();
  const begun = ref === null ? null : unsettledCompletion(ref);
  if (begun !== null) {
    void placeOrder(begun, true);
  }
}

// A cart that became an order without this browser knowing: asking again gives that order.
export function recoverPlaced(method: string): void {
  const { cart } = cartState.get();
  if (cart?.status === 'completed') {
    const payment = { provider: 'test', method } as const;
    void placeOrder({ payment, expected_total: cart.totals.total }, true);
  }
}
