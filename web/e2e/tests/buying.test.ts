// Buying, in the ways it can go.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Api } from '../support/api';
import { desktop, openBrowser, phone, Shopper } from '../support/browser';
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

async function readyToPay(shopper: Shopper, card: RegExp): Promise<string> {
  await shopper.addToCart('/products/marsh-teapot', ['Slate blue']);
  const cart = await shopper.cartId();
  await shopper.page.getByRole('link', { name: 'Check out' }).click();
  await shopper.fillCheckout();
  await shopper.choosePayment(card);
  return cart;
}

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('on a %s', (name, size) => {
  it('a guest looks around, buys and follows the order', async () => {
    const shopper = await Shopper.visit(browser, server, { size });
    const { page } = shopper;
    await shopper.go('/');
    await page.getByRole('heading', { name: 'Shop by collection' }).waitFor();
    expect(await page.title()).toContain('Saltmarsh & Wren');
    await shopper.shot(`home-${name}`);

    await page.getByRole('main').getByRole('link', { name: /Kitchen & Table/ }).click();
    await page.getByRole('heading', { name: 'Kitchen & Table', level: 1 }).waitFor();
    await page.locator('.card img').first().waitFor();
    await page.getByLabel('Sort by').selectOption('price_asc');
    await page.waitForURL(/sort=price_asc/);
    await shopper.shot(`collection-${name}`);

    await shopper.go('/products/wren-mug');
    await page.getByRole('radio', { name: 'Moss' }).check({ force: true });
    await page.getByRole('radio', { name: /Set of four/ }).check({ force: true });
    await page.getByText(/^Only (3|2|one) left$/).waitFor();
    expect(page.url()).toContain('variant=var_');
    await shopper.shot(`product-${name}`);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await page.getByRole('dialog', { name: 'Your cart' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();

    await shopper.addToCart('/products/linen-tea-towel', ['Rust']);
    await shopper.drawer().getByRole('button', { name: 'One Linen tea towel more' }).click();
    await page.locator('[data-line="TXT-TWL-RST"] output').getByText('2').waitFor();
    await shopper.shot(`drawer-${name}`);
    await page.getByRole('link', { name: 'View cart' }).click();
    await page.getByRole('heading', { name: 'Your cart', level: 1 }).waitFor();
    await shopper.shot(`cart-${name}`);

    const cart = await shopper.cartId();
    await page.getByRole('main').getByRole('link', { name: 'Check out' }).click();
    await page.getByLabel('E-mail').waitFor();
    await shopper.fillCheckout();
    await shopper.choosePayment(/A card that works/);
    await shopper.shot(`checkout-${name}`);
    await shopper.placeButton().click();

    const id = await shopper.orderPage();
    await shopper.seesState('paid');
    await page.getByText('Payment received').waitFor();
    await shopper.shot(`order-paid-${name}`);
    const orders = await api.ordersOfCart(cart);
    expect(orders.map((order) => order.id)).toEqual([id]);
    expect(orders[0]?.payment_status).toBe('paid');

    // The receipt, to keep.
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the receipt' }).click();
    expect((await download).suggestedFilename()).toMatch(/^receipt-.*\.json$/);

    // It is on its way: the page says so on its own.
    await api.fulfil(id);
    await page.reload();
    await shopper.seesState('fulfilled');
    await page.getByRole('link', { name: 'Track this parcel' }).waitFor();
    await shopper.shot(`order-sent-${name}`);
    await shopper.leave();
  });
});

describe('paying', () => {
  it('confirms at the bank and comes back', async () => {
    const shopper = await Shopper.visit(browser, server);
    await readyToPay(shopper, /asks you to confirm/);
    await shopper.placeButton().click();
    const id = await shopper.orderPage();
    await shopper.seesState('requires_action');
    await shopper.shot('order-confirm-desktop');
    await shopper.page.getByRole('link', { name: 'Confirm at your bank' }).click();
    await shopper.page.getByRole('button', { name: 'Confirm payment' }).click();
    expect(await shopper.orderPage()).toBe(id);
    await shopper.seesState('paid');
    expect((await api.order(id)).payment_status).toBe('paid');
    await shopper.leave();
  });

  it('is declined, and pays again with another card', async () => {
    const shopper = await Shopper.visit(browser, server);
    const cart = await readyToPay(shopper, /card that is declined/);
    await shopper.placeButton().click();
    const id = await shopper.orderPage();
    await shopper.seesState('declined');
    await shopper.shot('order-declined-desktop');
    await shopper.choosePayment(/A card that works/);
    await shopper.page.getByRole('button', { name: /^Pay €/ }).click();
    await shopper.seesState('paid');
    const order = await api.order(id);
    expect(order.payment_status).toBe('paid');
    expect(order.captured_total).toBe(order.totals.total);
    expect(await api.ordersOfCart(cart)).toHaveLength(1);
    await shopper.leave();
  });

  it('waits for a slow bank and says that the order is safe', async () => {
    const shopper = await Shopper.visit(browser, server);
    await readyToPay(shopper, /A slow bank/);
    // The news is held back until the page has been read: the bank may be faster than the test.
    let release: () => void = () => undefined;
    const read = new Promise<void>((resolve) => (release = resolve));
    await shopper.page.route('**/v1/store/orders/*', async (route) => {
      await read;
      await route.continue();
    });
    await shopper.placeButton().click();
    await shopper.orderPage();
    await shopper.seesState('pending');
    await shopper.page.getByText('Payment is being confirmed').waitFor();
    await shopper.shot('order-pending-desktop', false);
    release();
    await shopper.seesState('paid');
    await shopper.leave();
  });

  it('settles a payment whose outcome was unknown, once', async () => {
    const shopper = await Shopper.visit(browser, server);
    await readyToPay(shopper, /bank that does not answer/);
    await shopper.placeButton().click();
    const id = await shopper.orderPage();
    await shopper.seesState('paid', 60_000);
    const order = await api.order(id);
    expect(order.captured_total).toBe(order.totals.total);
    await shopper.leave();
  });

  it('is charged once by a bank that answers twice', async () => {
    const shopper = await Shopper.visit(browser, server);
    await readyToPay(shopper, /bank that answers twice/);
    await shopper.placeButton().click();
    const id = await shopper.orderPage();
    await shopper.seesState('paid');
    const order = await api.order(id);
    expect(order.captured_total).toBe(order.totals.total);
    await shopper.leave();
  });

  it('cancels, and sees that it is cancelled', async () => {
    const shopper = await Shopper.visit(browser, server);
    await readyToPay(shopper, /A card that works/);
    await shopper.placeButton().click();
    const id = await shopper.orderPage();
    await shopper.seesState('paid');
    await shopper.page.getByRole('button', { name: 'Cancel this order' }).click();
    await shopper.page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await shopper.page.locator('.order[data-status=cancelled]').waitFor();
    expect((await api.order(id)).status).toBe('cancelled');
    await shopper.shot('order-cancelled-desktop');
    await shopper.leave();
  });
});

describe('what cannot be had', () => {
  it('is said on the product’s page', async () => {
    const shopper = await Shopper.visit(browser, server);
    await shopper.go('/products/brass-chamberstick');
    await shopper.page.locator('.stock-out').waitFor();
    expect(await shopper.page.getByRole('button', { name: 'Add to cart' }).count()).toBe(0);
    await shopper.shot('product-sold-out-desktop');

    await shopper.go('/products/cross-back-apron');
    await shopper.page.getByRole('radio', { name: 'Indigo' }).check({ force: true });
    await shopper.page.getByRole('radio', { name: /L\/XL/ }).check({ force: true });
    await shopper.page.getByText('Indigo, L/XL is sold out.').waitFor();
    await shopper.shot('product-combination-sold-out-desktop');
    await shopper.leave();
  });

  it('is told when somebody was faster, with a way on', async () => {
    const shopper = await Shopper.visit(browser, server);
    const { page } = shopper;
    await shopper.addToCart('/products/still-candle', ['Sea fennel']);
    await shopper.drawer().getByRole('button', { name: 'One Still candle more' }).click();
    await page.locator('.line output').getByText('2').waitFor();
    await page.getByRole('link', { name: 'Check out' }).click();
    await shopper.fillCheckout();
    await api.buy('still-candle', 'WAX-STL-SFN', 1);
    await shopper.placeButton().click();
    await page.getByText('Somebody was faster').waitFor();
    await shopper.shot('checkout-sold-out-desktop');
    await page.getByRole('button', { name: 'Take the last one' }).click();
    await shopper.settled();
    await shopper.placeButton().click();
    await shopper.orderPage();
    await shopper.seesState('paid');
    await shopper.leave();
  });

  it('is not bought at a price nobody saw', async () => {
    const shopper = await Shopper.visit(browser, server);
    const { page } = shopper;
    await shopper.addToCart('/products/wren-box');
    await page.getByRole('link', { name: 'Check out' }).click();
    await shopper.fillCheckout();
    const before = await shopper.placeButton().innerText();
    await api.setPrice('wren-box', 'GAR-NST', 'EUR', 4_500);
    await shopper.placeButton().click();
    await page.getByText(/The total changed from/).waitFor();
    await shopper.shot('checkout-price-changed-desktop');
    expect(await shopper.placeButton().innerText()).not.toBe(before);
    await shopper.placeButton().click();
    await shopper.orderPage();
    await shopper.seesState('paid');
    await shopper.leave();
  });
});
