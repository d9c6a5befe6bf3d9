import type { OrderHistoryEntry, Order } from 'securecart-client';
import { describe, expect, it } from 'vitest';

import { text } from '../text';
import { canCancel, pollPauseMs, stateOf, toneOf } from './order_state';

const placedAt = Date.parse('2026-01-02T03:04:05Z');

function order(change: Partial<Order>, events: OrderHistoryEntry['kind'][] = []): Order {
  const at = new Date(placedAt).toISOString();
  return {
    id: 'ord_1',
    number: '7K3F9',
    status: 'placed',
    payment_status: 'pending',
    fulfilment_status: 'unfulfilled',
    email: 'ada@example.com',
    currency: 'EUR',
    lines: [],
    discounts: [],
    totals: {
      subtotal: 0,
      discount: 0,
      shipping: 0,
      tax: 0,
      total: 0,
      refunded: 0,
      tax_included: true,
      tax_lines: [],
    },
    shipping_address: null,
    billing_address: null,
    shipping_method: null,
    payment: null,
    fulfilments: [],
    history: ['placed' as const, ...events].map((kind) => ({ at, kind, detail: {} })),
    placed_at: at,
    tax_country: 'NL',
    receipt: { payload: '', key_id: '', signature: '' },
    version: 1,
    ...change,
  };
}

const payment = {
  id: 'pay_1',
  attempt: 1,
  provider: 'test',
  method: 'tok_unknown',
  action_url: null,
  failure: null,
};

describe('stateOf', () => {
  it('grows more patient while the payment is pending', () => {
    expect(stateOf(order({}), placedAt + 1_000)).toBe('pending');
    expect(stateOf(order({}), placedAt + 60_000)).toBe('pendingLong');
  });

  it.each([
    [{ payment: { ...payment, status: 'unknown' as const } }, [], 'unknown'],
    [{ payment_status: 'requires_action' as const }, [], 'requires_action'],
    [{ payment_status: 'declined' as const }, [], 'declined'],
    [{ payment_status: 'paid' as const }, [], 'paid'],
    [
      { payment_status: 'paid' as const, fulfilment_status: 'partially_fulfilled' as const },
      [],
      'partially_fulfilled',
    ],
    [
      {
        status: 'completed' as const,
        payment_status: 'paid' as const,
        fulfilment_status: 'fulfilled' as const,
      },
      [],
      'fulfilled',
    ],
    [{ payment_status: 'partially_refunded' as const }, [], 'partially_refunded'],
    [{ status: 'cancelled' as const, payment_status: 'voided' as const }, [], 'cancelled'],
    [
      { status: 'cancelled' as const, payment_status: 'paid' as const },
      ['refund_requested' as const],
      'cancelledRefund',
    ],
    [{ status: 'cancelled' as const, payment_status: 'refunded' as const }, [], 'refunded'],
  ] as [Partial<Order>, OrderHistoryEntry['kind'][], string][])('%j %j is %s', (change, events, state) => {
    expect(stateOf(order(change, events), placedAt)).toBe(state);
  });

  it('has words and a tone for every state', () => {
    for (const state of Object.keys(text.order.state) as (keyof typeof text.order.state)[]) {
      expect(text.order.state[state].title).not.toBe('');
      expect(['good', 'waiting', 'attention', 'ended']).toContain(toneOf(state));
    }
  });
});

describe('following an order', () => {
  it('asks each second only while money is on its way', () => {
    expect(pollPauseMs(order({}))).toBe(1_000);
    expect(pollPauseMs(order({ payment_status: 'paid' }))).toBeGreaterThan(10_000);
  });

  it('can be cancelled until something has left', () => {
    expect(canCancel(order({ payment_status: 'paid' }))).toBe(true);
    expect(canCancel(order({ fulfilment_status: 'partially_fulfilled' }))).toBe(false);
    expect(canCancel(order({ status: 'cancelled' }))).toBe(false);
  });
});
