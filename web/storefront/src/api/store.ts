// Every request the pages make, by name: the client (securecart-client) with this browser's secrets.
// It repeats what may be repeated; where a page wants more patience or less, it says so here.

import {
  getOrder,
  StoreClient,
  type Address,
  type Cart,
  type CartCompletion,
  type CartUpdate,
  type Customer,
  type CustomerSession,
  type CustomerUpdate,
  type Order,
  type PaymentInput,
  type Tokens,
} from 'securecart-client/store';

import { sessionToken, signedOut } from '../lib/session';

// Carts and orders carry their tokens with them (lib/cart.ts, lib/guest_orders.ts).
const tokens: Tokens = {
  cart: () => null,
  keepCart: () => undefined,
  order: () => null,
  keepOrder: () => undefined,
  session: sessionToken,
  keepSession: () => undefined, // lib/session.ts keeps it with its customer
  dropSession: signedOut,
};

const shop = new StoreClient({ tokens });

const patient = { attempts: 6 };
const once = { attempts: 1 };

export interface CartRef {
  id: string;
  token: string;
}

// The catalog

export const getShop = () => shop.getShop();

export type Sort = 'newest' | 'title' | 'price_asc' | 'price_desc';

export interface ProductFilter {
  collection?: string | undefined;
  currency: string;
  sort?: Sort | undefined;
  limit?: number;
  cursor?: string | null;
}

export const listProducts = (filter: ProductFilter) => shop.listProducts(filter);

export const searchProducts = (filter: {
  q: string;
  currency: string;
  limit?: number;
  cursor?: string | null;
}) => shop.searchProducts(filter);

export const getProduct = (handle: string, currency: string) =>
  shop.getProduct({ product: handle, currency });

// What others bought with it, the most often first.
export const listRecommendations = (handle: string, currency: string) =>
  shop.listRecommendations({ product: handle, currency });

export const listCollections = () => shop.listCollections({ limit: 50 });

export const getCollection = (handle: string) => shop.getCollection({ collection: handle });

// Carts

const of = (cart: CartRef) => ({ cart_id: cart.id, cart_token: cart.token });

// Creating a cart again after a lost answer leaves an empty one behind that nobody knows: harmless.
export async function createCart(body: {
  currency: string;
  email?: string;
  lines: { variant_id: string; quantity: number }[];
}): Promise<{ cart: Cart; ref: CartRef }> {
  const { token, ...cart } = await shop.createCart({ body });
  return { cart, ref: { id: cart.id, token } };
}

export const getCart = (cart: CartRef): Promise<Cart> => shop.getCart(of(cart));

export const updateCart = (cart: CartRef, body: CartUpdate): Promise<Cart> =>
  shop.updateCart({ ...of(cart), body });

export const setLine = (cart: CartRef, lineId: string, quantity: number): Promise<Cart> =>
  shop.updateCartLine({ ...of(cart), line_id: lineId, body: { quantity } });

// Adds up, so it is sent once: whoever gets no answer looks into the cart.
export const addLine = (cart: CartRef, variantId: string, quantity: number): Promise<Cart> =>
  shop.addCartLine({ ...of(cart), body: { variant_id: variantId, quantity } }, once);

export const addCode = (cart: CartRef, code: string): Promise<Cart> =>
  shop.addCartCode({ ...of(cart), body: { code } });

export const removeCode = (cart: CartRef, code: string): Promise<Cart> =>
  shop.removeCartCode({ ...of(cart), code });

export const listShippingMethods = async (cart: CartRef) =>
  (await shop.listCartShippingMethods(of(cart))).items;

// One try; lib/checkout.ts repeats it with the same key until it is settled.
export async function completeCart(
  cart: CartRef,
  body: CartCompletion,
  key: string,
): Promise<{ order: Order; token: string }> {
  const args = { ...of(cart), body, idempotency_key: key };
  const { token, ...order } = await shop.completeCart(args, { ...once, timeoutMs: 30_000 });
  return { order, token };
}

// Orders

const orderOf = (id: string, token: string | null) => ({
  order_id: id,
  order_token: token ?? undefined,
});

// Null when nothing changed since `etag`.
export async function readOrder(
  id: string,
  token: string | null,
  etag: string | null,
  signal?: AbortSignal,
): Promise<{ order: Order; etag: string | null } | null> {
  const args = { ...orderOf(id, token), if_none_match: etag ?? undefined };
  const answer = await shop.send(getOrder, args, { ...once, signal });
  return answer.status === 304 ? null : { order: answer.body, etag: answer.etag };
}

export const payAgain = (
  id: string,
  token: string | null,
  payment: PaymentInput,
  key: string,
): Promise<Order> =>
  shop.retryPayment(
    { ...orderOf(id, token), body: { payment }, idempotency_key: key },
    patient,
  );

export const cancelOrder = (id: string, token: string | null, key: string): Promise<Order> =>
  shop.cancelMyOrder({ ...orderOf(id, token), idempotency_key: key }, patient);

export const getReceipt = (id: string, token: string | null) =>
  shop.getOrderReceipt(orderOf(id, token));

// Accounts

export const register = (body: {
  email: string;
  name: string;
  password: string;
}): Promise<CustomerSession> => shop.createCustomer({ body });

export const signIn = (body: { email: string; password: string }): Promise<CustomerSession> =>
  shop.createCustomerSession({ body });

export const signOut = () => shop.deleteCustomerSession();

export const updateMe = (body: CustomerUpdate): Promise<Customer> =>
  shop.updateCurrentCustomer({ body });

export const listMyOrders = (cursor: string | null) => shop.listMyOrders({ limit: 20, cursor });

export const listAddresses = () => shop.listCustomerAddresses();

export const addAddress = (body: Address) => shop.createCustomerAddress({ body });

export const updateAddress = (id: string, body: Address) =>
  shop.updateCustomerAddress({ address_id: id, body });

export const removeAddress = (id: string) => shop.deleteCustomerAddress({ address_id: id });
