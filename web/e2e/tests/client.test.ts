// The generated client says what the program says, and buys from Node as a shopper would.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AdminClient, eachItem, isProblem } from 'securecart-client/admin';
import { StoreClient } from 'securecart-client/store';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { repository, ShopServer } from '../support/server';

let server: ShopServer;

beforeAll(async () => {
  server = await ShopServer.open();
});

afterAll(() => server?.close());

it('is what the document of this program makes of it', async () => {
  const folder = join(repository, 'web/client');
  const { generate } = (await import(join(folder, 'generate.mjs'))) as {
    generate: (document: unknown) => Record<string, string>;
  };
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as unknown;
  for (const [name, text] of Object.entries(generate(document))) {
    const kept = readFileSync(join(folder, 'src/generated', name), 'utf8');
    expect(kept === text, `src/generated/${name} is stale: run scripts/web.sh client`).toBe(true);
  }
});

it('buys, and sends what was bought', async () => {
  const shop = new StoreClient({ url: server.url });
  const admin = new AdminClient({ url: server.url, secretKey: server.secretKey() });
  const { items } = await shop.searchProducts({ q: 'teapot' });
  const product = await shop.getProduct({ product: items[0]?.handle ?? '' });
  const variant = product.variants.find(({ available }) => available);
  const cart = await shop.createCart({
    body: {
      email: 'grace@example.com',
      lines: [{ variant_id: variant?.id ?? '', quantity: 1 }],
    },
  });
  const shipping_address = {
    name: 'Grace Hopper',
    line1: 'Kade 1',
    city: 'Amsterdam',
    postal_code: '1011 AB',
    country: 'NL',
  };
  await shop.updateCart({ cart_id: cart.id, body: { shipping_address } });
  const methods = await shop.listCartShippingMethods({ cart_id: cart.id });
  const ready = await shop.updateCart({
    cart_id: cart.id,
    body: { shipping_method_id: methods.items[0]?.id ?? null },
  });
  const body = {
    payment: { provider: 'test', method: 'tok_approved' },
    expected_total: ready.totals.total,
  } as const;
  const dearer = { ...body, expected_total: 1 };
  const refused: unknown = await shop
    .completeCart({ cart_id: cart.id, body: dearer })
    .catch((error: unknown) => error);
  expect(isProblem(refused, 'price_changed')).toBe(true);
  const order = await shop.completeCart({ cart_id: cart.id, body });
  const again = await shop.completeCart({ cart_id: cart.id, body });
  expect(again.id).toBe(order.id);

  const deadline = Date.now() + 20_000;
  while ((await shop.getOrder({ order_id: order.id })).payment_status !== 'paid') {
    expect(Date.now()).toBeLessThan(deadline);
  }
  const sent = await admin.createFulfilment({ order_id: order.id });
  expect(sent.fulfilment_status).toBe('fulfilled');
  const numbers: string[] = [];
  for await (const { number } of eachItem((cursor) => admin.listOrders({ cursor, limit: 1 }))) {
    numbers.push(number);
  }
  expect(numbers).toEqual([order.number]);
});
