// However the connection or the server fails, the page ends on the one order.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Api } from '../support/api';
import { openBrowser, Shopper } from '../support/browser';
import { ShopServer } from '../support/server';

let server: ShopServer;
let browser: Browser;
let api: Api;

beforeAll(async () => {
  server = await ShopServer.open();
  browser = await openBrowser();
  api = new Api(server);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function atCheckout(): Promise<{ shopper: Shopper; cart: string }> {
  const shopper = await Shopper.visit(browser, server);
  await shopper.addToCart('/products/field-notebook', ['Ochre']);
  const cart = await shopper.cartId();
  await shopper.page.getByRole('link', { name: 'Check out' }).click();
  await shopper.fillCheckout();
  return { shopper, cart };
}

// The page shows the paid order, and it is the only one the cart became.
async function endsOnTheOneOrder(shopper: Shopper, cart: string): Promise<void> {
  const id = await shopper.orderPage();
  await shopper.seesState('paid', 40_000);
  const orders = await api.ordersOfCart(cart);
  expect(orders.map((order) => order.id)).toEqual([id]);
  const order = await api.order(id);
  expect(order.captured_total).toBe(order.totals.total);
}

const completion = '**/v1/store/carts/*/complete';

describe('an order is never lost and never doubled', () => {
  it('when the answer is lost on its way', async () => {
    const { shopper, cart } = await atCheckout();
    const keys: string[] = [];
    let lose = 2;
    await shopper.page.route(completion, async (route) => {
      keys.push((await route.request().headerValue('Idempotency-Key')) ?? '');
      if (lose-- > 0) {
        await route.fetch(); // the server has done it
        await route.abort('connectionreset'); // and nobody heard
      } else {
        await route.continue();
      }
    });
    await shopper.placeButton().click();
    await shopper.page.getByText('The connection dropped').waitFor();
    await shopper.shot('checkout-connection-lost-desktop', false);
    await endsOnTheOneOrder(shopper, cart);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    await shopper.leave();
  });

  it('when the request never arrives', async () => {
    const { shopper, cart } = await atCheckout();
    let lose = 1;
    await shopper.page.route(completion, async (route) => {
      await (lose-- > 0 ? route.abort('connectionrefused') : route.continue());
    });
    await shopper.placeButton().click();
    await endsOnTheOneOrder(shopper, cart);
    await shopper.leave();
  });

  it('when the page is reloaded between click and answer', async () => {
    const { shopper, cart } = await atCheckout();
    let arrived: () => void = () => undefined;
    const placed = new Promise<void>((resolve) => (arrived = resolve));
    await shopper.page.route(completion, async (route) => {
      await route.fetch();
      arrived(); // and the answer never comes
    });
    await shopper.placeButton().click();
    await placed;
    await shopper.page.unroute(completion);
    await shopper.page.reload();
    await endsOnTheOneOrder(shopper, cart);
    await shopper.leave();
  });

  it('when the tab is closed and the shop is visited again elsewhere', async () => {
    const { shopper, cart } = await atCheckout();
    let arrived: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    await shopper.page.route(completion, () => arrived()); // not even sent
    await shopper.placeButton().click();
    await asked;
    await shopper.page.unroute(completion);
    await shopper.page.goto(`${server.url}/collections/garden`);
    await shopper.page.getByText(/Your order .* is placed/).waitFor();
    await shopper.page.getByRole('link', { name: 'See how it goes' }).click();
    await endsOnTheOneOrder(shopper, cart);
    await shopper.leave();
  });

  it('when the button is clicked twice', async () => {
    const { shopper, cart } = await atCheckout();
    await shopper.placeButton().dblclick();
    await endsOnTheOneOrder(shopper, cart);
    await shopper.leave();
  });

  it('when the server dies with the click and comes back', async () => {
    const { shopper, cart } = await atCheckout();
    let arrived: () => void = () => undefined;
    const clicked = new Promise<void>((resolve) => (arrived = resolve));
    shopper.page.on('request', (request) => {
      if (request.url().endsWith('/complete')) {
        arrived();
      }
    });
    await shopper.placeButton().click();
    await clicked;
    await server.kill();
    await server.start();
    await endsOnTheOneOrder(shopper, cart);
    await shopper.leave();
  });

  it('when the server is dead before the click', async () => {
    const { shopper, cart } = await atCheckout();
    await server.kill();
    await shopper.placeButton().click();
    await shopper.page.getByText('The connection dropped').waitFor();
    await server.start();
    await endsOnTheOneOrder(shopper, cart);
    await shopper.leave();
  });

  it('when the server dies while the payment is on its way', async () => {
    const { shopper, cart } = await atCheckout();
    await shopper.choosePayment(/A slow bank/);
    await shopper.placeButton().click();
    await shopper.orderPage();
    await server.kill();
    await shopper.page.getByText('Your order is safe; this page goes on asking').waitFor();
    await shopper.shot('order-server-away-desktop', false);
    await server.start();
    await endsOnTheOneOrder(shopper, cart);
    await shopper.leave();
  });
});
