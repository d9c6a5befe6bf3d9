// What an order's state means to the person who placed it. Pure.

import type { Order, OrderSummary } from 'securecart-client';

import { text } from '../text';

export type State = keyof typeof text.order.state;

// After so long "a second or two" is no longer true.
export const longWaitMs = 8_000;

export function stateOf(order: Order, now: number): State {
  const { payment_status, fulfilment_status } = order;
  if (order.status === 'cancelled') {
    const refunding = order.history.some((entry) => entry.kind === 'refund_requested');
    return payment_status === 'refunded'
      ? 'refunded'
      : refunding
        ? 'cancelledRefund'
        : 'cancelled';
  }
  switch (payment_status) {
    case 'pending':
      if (order.payment?.status === 'unknown') {
        return 'unknown';
      }
      return now - lastRequest(order) > longWaitMs ? 'pendingLong' : 'pending';
    case 'requires_action':
    case 'declined':
    case 'refunded':
    case 'partially_refunded':
      return payment_status;
    case 'voided':
      return 'cancelled';
    case 'paid':
      return fulfilment_status === 'unfulfilled' ? 'paid' : fulfilment_status;
  }
}

function lastRequest(order: Order): number {
  const asked = order.history.filter(
    (entry) => entry.kind === 'placed' || entry.kind === 'payment_requested',
  );
  return Date.parse(asked.at(-1)?.at ?? order.placed_at);
}

export type Tone = 'good' | 'waiting' | 'attention' | 'ended';

export function toneOf(state: State): Tone {
  switch (state) {
    case 'paid':
    case 'fulfilled':
    case 'partially_fulfilled':
      return 'good';
    case 'requires_action':
    case 'declined':
      return 'attention';
    case 'pending':
    case 'pendingLong':
    case 'unknown':
      return 'waiting';
    default:
      return 'ended';
  }
}

// How long to wait before asking again: each second while money is on its way, later less often.
export function pollPauseMs(order: Order): number {
  switch (order.payment_status) {
    case 'pending':
      return 1_000;
    case 'requires_action':
      return 2_000;
    default:
      return order.status === 'placed' ? 15_000 : 60_000;
  }
}

export const canCancel = (order: Order): boolean =>
  order.status === 'placed' && order.fulfilment_status === 'unfulfilled';

export function shortState(order: OrderSummary): string {
  const short = text.order.short;
  const key =
    order.status === 'cancelled' && order.payment_status !== 'refunded'
      ? 'cancelled'
      : order.payment_status === 'paid' && order.fulfilment_status !== 'unfulfilled'
        ? order.fulfilment_status
        : order.payment_status;
  return short[key] ?? key;
}

// Why a payment failed, in words; reasons we do not know stay as the bank wrote them.
export const declineReason = (failure: string): string =>
  text.order.declineReasons[failure] ?? failure;
