// Every request the pages make, by name. Reads are tried a few times before they fail; writes are
// repeated only where repeating them cannot do a thing twice.

import { withRetries } from '../lib/retry';
import { sessionToken, signedOut } from '../lib/session';
import { Problem, send, type Answer, type Call } from './http';
import type {
  Address,
  Cart,
  CartUpdate,
  Collection,
  Completion,
  Customer,
  CustomerAddress,
  CustomerSession,
  List,
  Order,
  OrderSummary,
  PaymentInput,
  Product,
  ProductSummary,
  ShippingMethod,
  Shop,
} from './types';

const root = '/v1/store';

export interface CartRef {
  id: string;
  token: string;
}

async function call(request: Call): Promise<Answer> {
  const token = sessionToken();
  const headers = { ...request.headers };
  if (token !== null) {
    headers['Authorization'] = `Bearer ${token}`;
  }
  try {
    return await send({ ...request, path: root + request.path, headers });
  } catch (error) {
    if (token !== null && error instanceof Problem && error.code === 'unauthorised') {
      signedOut(token);
    }
    throw error;
  }
}

const settled = (request: Call, attempts = 4) =>
  withRetries(() => call(request), { attempts, signal: request.signal });

async function get<T>(path: string, headers: Call['headers'] = {}): Promise<T> {
  return (await settled({ path, headers })).body as T;
}

function query(parameters: Record<string, string | number | null | undefined>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') {
      pairs.set(name, String(value));
    }
  }
  const text = pairs.toString();
  return text === '' ? '' : `?${text}`;
}

// The catalog

export const getShop = () => get<Shop>('/shop');

export interface ProductFilter {
  collection?: string | undefined;
  currency: string;
  sort?: string | undefined;
  limit?: number;
  cursor?: string | null;
}

export const listProducts = (filter: ProductFilter) =>
  get<List<ProductSummary>>(`/products${query({ ...filter })}`);

export const searchProducts = (filter: {
  q: string;
  currency: string;
  limit?: number;
  cursor?: string | null;
}) => get<List<ProductSummary>>(`/search${query({ ...filter })}`);

export const getProduct = (handle: string, currency: string) =>
  get<Product>(`/products/${encodeURIComponent(handle)}${query({ currency })}`);

// What others bought with it, the most often first.
export const listRecommendations = (handle: string, currency: string) =>
  get<List<ProductSummary>>(
    `/products/${encodeURIComponent(handle)}/recommendations${query({ currency })}`,
  );

export const listCollections = () => get<List<Collection>>('/collections?limit=50');

export const getCollection = (handle: string) =>
  get<Collection>(`/collections/${encodeURIComponent(handle)}`);

// Carts

const cartHeaders = (cart: CartRef) => ({ 'X-Cart-Token': cart.token });

// Creating a cart again after a lost answer leaves an empty one behind that nobody knows: harmless.
export async function createCart(body: {
  currency: string;
  email?: string;
  lines: { variant_id: string; quantity: number }[];
}): Promise<{ cart: Cart; ref: CartRef }> {
  const answer = await settled({ method: 'POST', path: '/carts', body });
  const { token, ...cart } = answer.body as Cart & { token: string };
  return { cart, ref: { id: cart.id, token } };
}

export const getCart = (cart: CartRef) => get<Cart>(`/carts/${cart.id}`, cartHeaders(cart));

// Setting a thing twice is setting it once.
export async function updateCart(cart: CartRef, body: CartUpdate): Promise<Cart> {
  const path = `/carts/${cart.id}`;
  return (await settled({ method: 'PATCH', path, body, headers: cartHeaders(cart) })).body as Cart;
}

export async function setLine(cart: CartRef, lineId: string, quantity: number): Promise<Cart> {
  const path = `/carts/${cart.id}/lines/${lineId}`;
  const body = { quantity };
  return (await settled({ method: 'PATCH', path, body, headers: cartHeaders(cart) })).body as Cart;
}

// Adds up, so it is sent once: whoever gets no answer looks into the cart.
export async function addLine(cart: CartRef, variantId: string, quantity: number): Promise<Cart> {
  const path = `/carts/${cart.id}/lines`;
  const body = { variant_id: variantId, quantity };
  return (await call({ method: 'POST', path, body, headers: cartHeaders(cart) })).body as Cart;
}

export const listShippingMethods = async (cart: CartRef) =>
  (await get<{ items: ShippingMethod[] }>(`/carts/${cart.id}/shipping-methods`, cartHeaders(cart)))
    .items;

// One try; lib/checkout.ts repeats it with the same key until it is settled.
export async function completeCart(
  cart: CartRef,
  body: Completion,
  key: string,
): Promise<{ order: Order; token: string }> {
  const answer = await call({
    method: 'POST',
    path: `/carts/${cart.id}/complete`,
    body,
    headers: { ...cartHeaders(cart), 'Idempotency-Key': key },
    timeoutMs: 30_000,
  });
  const { token, ...order } = answer.body as Order & { token: string };
  return { order, token };
}

// Orders

const orderHeaders = (token: string | null) => ({ 'X-Order-Token': token ?? undefined });

// Null when nothing changed since `etag`.
export async function readOrder(
  id: string,
  token: string | null,
  etag: string | null,
  signal?: AbortSignal,
): Promise<{ order: Order; etag: string | null } | null> {
  const answer = await call({
    path: `/orders/${encodeURIComponent(id)}`,
    headers: { ...orderHeaders(token), 'If-None-Match': etag ?? undefined },
    signal,
  });
  return answer.status === 304 ? null : { order: answer.body as Order, etag: answer.etag };
}

export async function payAgain(
  id: string,
  token: string | null,
  payment: PaymentInput,
  key: string,
): Promise<Order> {
  const path = `/orders/${id}/payments`;
  const headers = { ...orderHeaders(token), 'Idempotency-Key': key };
  return (await settled({ method: 'POST', path, body: { payment }, headers }, 6)).body as Order;
}

export async function cancelOrder(id: string, token: string | null, key: string): Promise<Order> {
  const path = `/orders/${id}/cancel`;
  const headers = { ...orderHeaders(token), 'Idempotency-Key': key };
  return (await settled({ method: 'POST', path, headers }, 6)).body as Order;
}

export const getReceipt = (id: string, token: string | null) =>
  get<object>(`/orders/${id}/receipt`, orderHeaders(token));

// Accounts

export async function register(body: {
  email: string;
  name: string;
  password: string;
}): Promise<CustomerSession> {
  return (await call({ method: 'POST', path: '/customers', body })).body as CustomerSession;
}

export async function signIn(body: { email: string; password: string }): Promise<CustomerSession> {
  return (await call({ method: 'POST', path: '/sessions', body })).body as CustomerSession;
}

export const signOut = () => call({ method: 'DELETE', path: '/sessions/current' });

export const getMe = () => get<Customer>('/customers/me');

export const listMyOrders = (cursor: string | null) =>
  get<List<OrderSummary>>(`/customers/me/orders${query({ limit: 20, cursor })}`);

export const listAddresses = () => get<List<CustomerAddress>>('/customers/me/addresses');

export async function addAddress(body: Address): Promise<CustomerAddress> {
  const path = '/customers/me/addresses';
  return (await call({ method: 'POST', path, body })).body as CustomerAddress;
}

export async function updateAddress(id: string, body: Address): Promise<CustomerAddress> {
  const path = `/customers/me/addresses/${id}`;
  return (await settled({ method: 'PATCH', path, body })).body as CustomerAddress;
}

export const removeAddress = (id: string) =>
  settled({ method: 'DELETE', path: `/customers/me/addresses/${id}` });
