// What a merchant takes off prices, and what shoppers make of it.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Api } from '../support/api';
import { desktop, openBrowser, phone, Shopper } from '../support/browser';
import { openAdmin } from '../support/merchant';
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

async function enter(shopper: Shopper, code: string): Promise<void> {
  const { page } = shopper;
  const open = page.getByRole('button', { name: 'I have a code' });
  if (await open.isVisible()) {
    await open.click();
  }
  await page.getByLabel('Code', { exact: false }).fill(code);
  await page.getByRole('button', { name: 'Apply' }).click();
}

describe('a merchant', () => {
  it('makes a code, changes it and sees it used', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.getByRole('link', { name: 'Welcome' }).waitFor();
    await merchant.go('/admin/promotions/new');
    await page.getByRole('button', { name: 'Make the promotion' }).click();
    await page.getByText('Up to 32 letters, digits, - and _.').waitFor();
    await page.getByLabel('Code').fill('harvest');
    await page.getByLabel('Title').fill('Harvest');
    await page.getByLabel('Percent off').fill('12,5');
    await page.getByLabel('Uses altogether').fill('1');
    await page.getByRole('checkbox', { name: 'Tea & Coffee' }).check();
    await page.getByLabel('Find products').fill('notebook');
    await page.getByRole('checkbox', { name: 'Field notebook' }).check();
    await merchant.shot('admin-promotion-new-desktop');
    await page.getByRole('button', { name: 'Make the promotion' }).click();
    await page.getByRole('heading', { name: 'Harvest' }).waitFor();
    await page.getByText('By no order yet.').waitFor();
    await page.getByLabel('Percent off').fill('25');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();

    const shopper = await Shopper.visit(browser, server);
    await shopper.addToCart('/products/marsh-teapot');
    await shopper.go('/checkout');
    await shopper.fillCheckout();
    await enter(shopper, 'harvest');
    await shopper.page.getByText('Harvest (HARVEST)').waitFor();
    await shopper.page.getByText('−€14.50').waitFor();
    await shopper.shot('checkout-code-desktop');
    await shopper.settled();
    await shopper.placeButton().click();
    const order = await shopper.orderPage();
    await shopper.seesState('paid');
    await shopper.page.getByText('Harvest (HARVEST)').waitFor();
    expect((await api.order(order)).totals.total).toBe(5800 - 1450 + 595);
    await shopper.leave();

    await page.reload();
    await page.getByText('By 1 order that', { exact: false }).waitFor();
    await page.getByText('Used up').waitFor();
    await merchant.shot('admin-promotion-desktop');
    await merchant.go(`/admin/orders/${order}`);
    await page.getByText('Harvest (HARVEST)').waitFor();
    await merchant.leave();
  });

  it('has one that applies by itself', async () => {
    const merchant = await openAdmin(browser, server, { size: phone });
    const { page } = merchant;
    await merchant.go('/admin/promotions/new');
    await page.getByLabel('It takes off').selectOption('free_shipping');
    await page.getByLabel('For whom').selectOption('all');
    await page.getByLabel('Title').fill('Free delivery');
    await page.getByLabel('From a cart of (EUR)').fill('150');
    await merchant.shot('admin-promotion-new-phone');
    await page.getByRole('button', { name: 'Make the promotion' }).click();
    await page.getByRole('heading', { name: 'Free delivery' }).waitFor();

    const shopper = await Shopper.visit(browser, server);
    await shopper.addToCart('/products/linen-shade-lamp');
    await shopper.go('/checkout');
    await shopper.fillCheckout();
    expect(await shopper.page.getByText('Free delivery').count()).toBe(0);
    await shopper.addToCart('/products/marsh-teapot');
    await shopper.go('/checkout');
    await shopper.page.locator('.totals').getByText('Free delivery').waitFor();
    await shopper.leave();

    await page.getByLabel('Switched on').uncheck();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await merchant.leave();
  });
});

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('a shopper on a %s', (name, size) => {
  it('enters a code in the cart, is told what is wrong with others, and takes it back', async () => {
    const shopper = await Shopper.visit(browser, server, { size });
    const { page } = shopper;
    await shopper.addToCart('/products/wren-box');
    await shopper.go('/cart');
    await enter(shopper, 'WELCOM');
    await page.getByText('We do not know this code.').waitFor();
    await enter(shopper, 'harvest');
    await page.getByText('It has been used as often as it could be.').waitFor();
    await enter(shopper, 'welcome10');
    await page.getByText('Welcome (WELCOME10)').waitFor();
    await page.getByText('−€3.50').waitFor();
    await page.getByText('€31.50').waitFor();
    await shopper.shot(`cart-code-${name}`);
    await page.getByRole('button', { name: 'Remove the code HARVEST' }).click();
    await page.getByText('HARVEST').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Remove the code WELCOME10' }).click();
    await page.locator('.totals-off').waitFor({ state: 'detached' });
    await shopper.leave();
  });
});
