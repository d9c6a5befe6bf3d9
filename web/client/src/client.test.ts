import { describe, expect, it, vi } from 'vitest';

import {
  AdminClient,
  createFulfilment,
  getAdminOrder,
  isProblem,
  MemoryTokens,
  Offline,
  Problem,
  type ErrorCode,
} from './admin.js';
import { eachItem, StoreClient, StoredTokens } from './store.js';

interface Seen {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: unknown;
}

type Reply = Error | { status?: number; body?: unknown; headers?: Record<string, string> };

// A server that says one reply after the other.
function server(...replies: Reply[]) {
  const seen: Seen[] = [];
  const answer = ((url: string, init: RequestInit) => {
    seen.push({
      url,
      method: init.method ?? '',
      headers: init.headers as Record<string, string>,
      body: init.body === undefined ? undefined : String(init.body),
    });
    const reply = replies.shift() ?? { body: {} };
    if (reply instanceof Error) {
      return Promise.reject(reply);
    }
    const { status = 200, body, headers = {} } = reply;
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    return Promise.resolve(new Response(text, { status, headers }));
  }) as typeof fetch;
  const pauses: number[] = [];
  const pause = (ms: number) => {
    pauses.push(ms);
    return Promise.resolve();
  };
  return { seen, pauses, options: { fetch: answer, pause, url: 'https://shop.example' } };
}

const lost = new TypeError('fetch failed');
const problem = (status: number, code: string, retryable: boolean) => ({
  status,
  body: { code, retryable, detail: 'why', status, title: '', request_id: 'req_1', type: '' },
});
const pay = { payment: { provider: 'test', method: 'tok_approved' } } as const;

describe('a request', () => {
  it('has its arguments in the path, the query and the body', async () => {
    const { seen, options } = server({ body: { items: [], next_cursor: null } }, { body: {} });
    const shop = new StoreClient({ ...options, publishableKey: 'pk_1' });
    await shop.searchProducts({ q: 'tea & co', limit: 5, cursor: null });
    await shop.getProduct({ product: 'a/b', currency: 'EUR' });
    const asked = new URL(seen[0]?.url ?? '');
    expect(asked.pathname).toBe('/v1/store/search');
    expect(Object.fromEntries(asked.searchParams)).toEqual({ q: 'tea & co', limit: '5' });
    expect(seen[0]?.headers['X-Publishable-Key']).toBe('pk_1');
    expect(seen[1]?.url).toBe('https://shop.example/v1/store/products/a%2Fb?currency=EUR');
  });

  it('does not leave without what its path needs', async () => {
    const { seen, options } = server();
    const shop = new StoreClient(options);
    await expect(shop.getProduct({ product: '' })).rejects.toThrow('needs product');
    expect(seen).toEqual([]);
  });

  it('sends a version as If-Match and reads the ETag', async () => {
    const { seen, options } = server({ body: {}, headers: { ETag: '"v8"' } }, { status: 304 });
    const admin = new AdminClient({ ...options, secretKey: 'sk_1' });
    await admin.updateProduct({ product_id: 'prod_1', if_match: 7, body: { title: 'Tea' } });
    expect(seen[0]).toMatchObject({
      method: 'PATCH',
      body: '{"title":"Tea"}',
      headers: { 'If-Match': '"v7"', Authorization: 'Bearer sk_1' },
    });
    const same = await admin.send(getAdminOrder, { order_id: 'ord_1', if_none_match: '"v8"' });
    expect(same).toMatchObject({ status: 304, body: null });
  });
});

describe('tokens', () => {
  it('of carts and orders come and go along', async () => {
    const { seen, options } = server(
      { status: 201, body: { id: 'cart_1', token: 'ct_1' } },
      { status: 201, body: { id: 'ord_1', token: 'ot_1' } },
    );
    const shop = new StoreClient(options);
    const cart = await shop.createCart();
    await shop.completeCart({ cart_id: cart.id, body: pay });
    await shop.getOrder({ order_id: 'ord_1' });
    await shop.getCart({ cart_id: 'cart_2', cart_token: 'ct_2' });
    expect(seen[1]?.headers['X-Cart-Token']).toBe('ct_1');
    expect(seen[2]?.headers['X-Order-Token']).toBe('ot_1');
    expect(seen[3]?.headers['X-Cart-Token']).toBe('ct_2');
  });

  it('of a session are kept until the session ends', async () => {
    const tokens = new MemoryTokens();
    const { seen, options } = server(
      { status: 201, body: { staff: {}, session: { token: 'ss_1' } } },
      { body: {} },
      problem(401, 'unauthorised', false),
    );
    const admin = new AdminClient({ ...options, tokens });
    await admin.createStaffSession({ body: { email: 'a@b.example', password: 'p' } });
    await admin.getMe();
    expect(seen[1]?.headers['Authorization']).toBe('Bearer ss_1');
    await expect(admin.getMe()).rejects.toMatchObject({ code: 'unauthorised', status: 401 });
    expect(tokens.session()).toBeNull();
  });

  it('can live in a browser’s storage', () => {
    const map = new Map<string, string>();
    const storage = {
      getItem: (name: string) => map.get(name) ?? null,
      setItem: (name: string, value: string) => void map.set(name, value),
      removeItem: (name: string) => void map.delete(name),
    };
    const tokens = new StoredTokens(storage);
    tokens.keepCart('cart_1', 'ct_1');
    tokens.keepSession('cs_1');
    expect(new StoredTokens(storage).cart('cart_1')).toBe('ct_1');
    tokens.dropSession('cs_of_another_tab');
    expect(tokens.session()).toBe('cs_1');
    tokens.dropSession('cs_1');
    expect(tokens.session()).toBeNull();
  });
});

describe('trying again', () => {
  it('uses the same Idempotency-Key and body', async () => {
    const { seen, options } = server(lost, problem(503, 'unavailable', true), lost, {
      status: 201,
      body: { id: 'ord_1', token: 'ot_1' },
      headers: { 'Idempotency-Replayed': 'true' },
    });
    const shop = new StoreClient(options);
    const order = await shop.completeCart({ cart_id: 'cart_1', body: pay });
    expect(order.id).toBe('ord_1');
    expect(seen).toHaveLength(4);
    expect(new Set(seen.map(({ headers }) => headers['Idempotency-Key'])).size).toBe(1);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
    expect(seen[0]?.headers['Idempotency-Key']).toMatch(/^[0-9a-f]{32}$/);
  });

  it('takes a key that is given, and a new one for each call', async () => {
    const { seen, options } = server();
    const admin = new AdminClient({ ...options, secretKey: 'sk_1' });
    await admin.createRefund({ order_id: 'ord_1', idempotency_key: 'mine' });
    await admin.createRefund({ order_id: 'ord_1' });
    await admin.createRefund({ order_id: 'ord_1' });
    const keys = seen.map(({ headers }) => headers['Idempotency-Key']);
    expect(keys[0]).toBe('mine');
    expect(new Set(keys).size).toBe(3);
  });

  it('does not repeat after silence what adds up', async () => {
    const { seen, options } = server(lost);
    const shop = new StoreClient(options);
    const body = { variant_id: 'var_1', quantity: 1 };
    await expect(shop.addCartLine({ cart_id: 'cart_1', body })).rejects.toBeInstanceOf(Offline);
    expect(seen).toHaveLength(1);
  });

  it('repeats even that when the server says it did nothing', async () => {
    const { seen, pauses, options } = server({
      ...problem(503, 'unavailable', true),
      headers: { 'Retry-After': '7' },
    });
    const shop = new StoreClient(options);
    await shop.addCartLine({ cart_id: 'cart_1', body: { variant_id: 'var_1', quantity: 1 } });
    expect(seen).toHaveLength(2);
    expect(pauses).toEqual([7_000]);
  });

  it('throws a refusal at once', async () => {
    const { seen, options } = server(problem(409, 'out_of_stock', false));
    const shop = new StoreClient(options);
    const refused = await shop.completeCart({ cart_id: 'cart_1', body: pay }).catch((e) => e);
    expect(isProblem(refused, 'out_of_stock')).toBe(true);
    expect(isProblem(refused, 'price_changed', 'not_found')).toBe(false);
    expect(refused).toMatchObject({ detail: 'why', requestId: 'req_1', retryable: false });
    expect(seen).toHaveLength(1);
  });

  it('ends after its attempts and tells of each', async () => {
    const { seen, options } = server(lost, lost, lost);
    const told: number[] = [];
    const shop = new StoreClient({ ...options, attempts: 3 });
    const onRetry = (attempt: number) => told.push(attempt);
    await expect(shop.getShop({ onRetry })).rejects.toBeInstanceOf(Offline);
    expect(seen).toHaveLength(3);
    expect(told).toEqual([1, 2]);
  });
});

describe('silence', () => {
  const never = ((_url: string, init: RequestInit) =>
    new Promise((_, reject) =>
      init.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))),
    )) as typeof fetch;

  it('is Offline when time is up', async () => {
    vi.useFakeTimers();
    const shop = new StoreClient({ fetch: never, attempts: 1, timeoutMs: 1_000 });
    const asked = expect(shop.getShop()).rejects.toBeInstanceOf(Offline);
    await vi.advanceTimersByTimeAsync(1_000);
    await asked;
    vi.useRealTimers();
  });

  it('is an AbortError when nobody wants the answer any more', async () => {
    const shop = new StoreClient({ fetch: never });
    const wanted = new AbortController();
    const asked = shop.getShop({ signal: wanted.signal });
    wanted.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is what half an answer amounts to', async () => {
    const { options } = server({ body: '{"id": "sho' });
    const shop = new StoreClient({ ...options, attempts: 1 });
    await expect(shop.getShop()).rejects.toBeInstanceOf(Offline);
  });

  it('of a gateway is passing, whatever page it shows', async () => {
    const { options } = server({ status: 502, body: '<h1>Bad gateway</h1>' });
    const shop = new StoreClient({ ...options, attempts: 1 });
    await expect(shop.getShop()).rejects.toMatchObject({ code: 'http_502', retryable: true });
  });
});

describe('lists', () => {
  it('are read to their end', async () => {
    const { seen, options } = server(
      { body: { items: [{ id: 'a' }, { id: 'b' }], next_cursor: 'c1' } },
      { body: { items: [{ id: 'c' }], next_cursor: null } },
    );
    const shop = new StoreClient(options);
    const ids: string[] = [];
    for await (const product of eachItem((cursor) => shop.listProducts({ cursor }))) {
      ids.push(product.id);
    }
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(seen[1]?.url).toContain('cursor=c1');
  });
});

describe('types', () => {
  it('know the codes and what an operation needs', () => {
    const code: ErrorCode = 'out_of_stock';
    // @ts-expect-error: no such code
    const wrong: ErrorCode = 'out_of_luck';
    const shop = new StoreClient();
    const calls = () => [
      // @ts-expect-error: a cart is named by its id
      shop.getCart({}),
      // @ts-expect-error: If-Match is required
      new AdminClient().updateProduct({ product_id: 'prod_1', body: {} }),
    ];
    expect([code, wrong, calls.length, createFulfilment.keyed]).toEqual([
      'out_of_stock',
      'out_of_luck',
      0,
      true,
    ]);
    expect(new Problem(404, 'not_found', '', false).message).toBe('not_found');
  });
});
