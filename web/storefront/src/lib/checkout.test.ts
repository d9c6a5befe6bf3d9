import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { completeOnce, unsettledCompletion } from './checkout';
import { orderToken } from './guest_orders';

// A server that remembers keys as ours does, behind a connection that breaks.
class Server {
  readonly seen: { key: string; body: string }[] = [];
  readonly orders = new Map<string, string>();
  faults: ('lost_request' | 'lost_answer' | 'unavailable' | 'sold_out')[] = [];

  readonly fetch = (_path: string, request: RequestInit): Promise<Response> => {
    const key = (request.headers as Record<string, string>)['Idempotency-Key'] ?? '';
    this.seen.push({ key, body: String(request.body) });
    const fault = this.faults.shift();
    if (fault === 'lost_request') {
      return Promise.reject(new TypeError('Failed to fetch'));
    }
    if (fault === 'unavailable') {
      return this.answer(503, { code: 'unavailable', retryable: true, detail: '' });
    }
    if (fault === 'sold_out') {
      return this.answer(409, { code: 'out_of_stock', retryable: false, detail: '' });
    }
    const id = this.orders.get(key) ?? `ord_${this.orders.size + 1}`;
    this.orders.set(key, id);
    if (fault === 'lost_answer') {
      return Promise.reject(new TypeError('network error'));
    }
    const order = { id, number: '7K3F9', placed_at: '2026-01-02T03:04:05Z', token: `ot_${id}` };
    return this.answer(201, order);
  };

  private answer(status: number, body: object): Promise<Response> {
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  }
}

const cart = { id: 'cart_1', token: 'ct_1' };
const completion = {
  payment: { provider: 'test', method: 'tok_approved' },
  expected_total: 5_800,
} as const;
const options = { pause: () => Promise.resolve() };

describe('completeOnce', () => {
  let server: Server;
  beforeEach(() => {
    localStorage.clear();
    server = new Server();
    vi.stubGlobal('fetch', server.fetch);
  });
  afterEach(() => vi.unstubAllGlobals());

  it('makes one order and keeps its token', async () => {
    const order = await completeOnce(cart, completion, options);
    expect(order.id).toBe('ord_1');
    expect(orderToken('ord_1')).toBe('ot_ord_1');
    expect(unsettledCompletion(cart)).toBeNull();
  });

  it('repeats with the same key and body until it is settled', async () => {
    server.faults = ['lost_request', 'lost_answer', 'unavailable', 'lost_answer'];
    const order = await completeOnce(cart, completion, options);
    expect(order.id).toBe('ord_1');
    expect(server.seen).toHaveLength(5);
    expect(new Set(server.seen.map(({ key, body }) => key + body)).size).toBe(1);
    expect(server.orders.size).toBe(1);
  });

  it('is written down before it is sent, so that a reload goes on with it', async () => {
    let written = null;
    vi.stubGlobal('fetch', () => {
      written = unsettledCompletion(cart);
      return new Promise(() => undefined); // the page is closed while it waits
    });
    void completeOnce(cart, completion, options);
    expect(written).toEqual(completion);
    const firstKey = localStorage.getItem('securecart.attempt.complete.cart_1');

    vi.stubGlobal('fetch', server.fetch);
    const begun = unsettledCompletion(cart);
    await completeOnce(cart, begun ?? completion, options);
    expect(firstKey).toContain(server.seen[0]?.key);
  });

  it('takes a new key after a refusal', async () => {
    server.faults = ['sold_out'];
    await expect(completeOnce(cart, completion, options)).rejects.toMatchObject({
      code: 'out_of_stock',
    });
    expect(unsettledCompletion(cart)).toBeNull();
    await completeOnce(cart, completion, options);
    expect(server.seen[0]?.key).not.toBe(server.seen[1]?.key);
  });

  it('takes a new key for another wish', async () => {
    vi.stubGlobal('fetch', () => new Promise(() => undefined));
    void completeOnce(cart, completion, options);
    vi.stubGlobal('fetch', server.fetch);
    await completeOnce(cart, { ...completion, expected_total: 6_000 }, options);
    expect(server.seen[0]?.body).toContain('6000');
  });
});
