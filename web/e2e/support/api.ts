// What the merchant sees, asked over the API beside the browser.

import type { ShopServer } from './server';

export interface AdminOrder {
  id: string;
  cart_id: string;
  number: string;
  status: string;
  payment_status: string;
  total: number;
}

export interface AdminOrderDetail {
  id: string;
  status: string;
  payment_status: string;
  captured_total: number;
  totals: { total: number };
}

interface Variant {
  id: string;
  sku: string;
  prices: { currency: string; amount: number; compare_at: number | null }[];
}

export class Api {
  constructor(private readonly server: ShopServer) {}

  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await fetch(this.server.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return (text === '' ? null : JSON.parse(text)) as T;
  }

  private admin<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const Authorization = `Bearer ${this.server.secretKey()}`;
    return this.call<T>(method, `/v1/admin${path}`, body, { Authorization, ...headers });
  }

  async ordersOfCart(cartId: string): Promise<AdminOrder[]> {
    const list = await this.admin<{ items: AdminOrder[] }>('GET', '/orders?limit=100');
    return list.items.filter((order) => order.cart_id === cartId);
  }

  order(id: string): Promise<AdminOrderDetail> {
    return this.admin('GET', `/orders/${id}`);
  }

  private async findVariant(handle: string, sku: string) {
    const products = await this.admin<{ items: { id: string; handle: string }[] }>(
      'GET',
      `/products?limit=100`,
    );
    const id = products.items.find((product) => product.handle === handle)?.id;
    const product = await this.admin<{ id: string; version: number; variants: Variant[] }>(
      'GET',
      `/products/${id}`,
    );
    const variant = product.variants.find((one) => one.sku === sku);
    if (variant === undefined) {
      throw new Error(`${handle} has no variant ${sku}`);
    }
    return { product, variant };
  }

  async setPrice(handle: string, sku: string, currency: string, amount: number): Promise<void> {
    const { product, variant } = await this.findVariant(handle, sku);
    const prices = variant.prices.map((price) =>
      price.currency === currency ? { ...price, amount } : price,
    );
    await this.admin(
      'PATCH',
      `/products/${product.id}/variants/${variant.id}`,
      { prices },
      { 'If-Match': `"v${product.version}"` },
    );
  }

  // Another shopper, faster than the browser.
  async buy(handle: string, sku: string, quantity: number): Promise<void> {
    const { variant } = await this.findVariant(handle, sku);
    const cart = await this.call<{ id: string; token: string }>('POST', '/v1/store/carts', {
      email: 'bob@example.com',
      lines: [{ variant_id: variant.id, quantity }],
    });
    const token = { 'X-Cart-Token': cart.token };
    const path = `/v1/store/carts/${cart.id}`;
    await this.call('PATCH', path, { shipping_address: bobsAddress }, token);
    const methods = await this.call<{ items: { id: string }[] }>(
      'GET',
      `${path}/shipping-methods`,
      undefined,
      token,
    );
    await this.call('PATCH', path, { shipping_method_id: methods.items[0]?.id }, token);
    await this.call(
      'POST',
      `${path}/complete`,
      { payment: { provider: 'test', method: 'tok_approved' } },
      { ...token, 'Idempotency-Key': `bob-${cart.id}` },
    );
  }

  fulfil(orderId: string): Promise<void> {
    const tracking = {
      carrier: 'PostNL',
      tracking_number: '3SABCD1234567',
      tracking_url: 'https://carrier.example/3SABCD1234567',
    };
    return this.admin('POST', `/orders/${orderId}/fulfilments`, tracking, {
      'Idempotency-Key': `fulfil-${orderId}`,
    });
  }
}

const bobsAddress = {
  name: 'Bob',
  line1: 'Dorpsstraat 1',
  city: 'Zaandam',
  postal_code: '1506 ZL',
  country: 'NL',
};
