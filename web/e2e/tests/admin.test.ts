// The people who run the shop at their work.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';
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
  for (const [handle, sku] of [
    ['marsh-teapot', 'TEA-POT-OAT'],
    ['field-notebook', 'DSK-NBK-OCH-DOT'],
  ] as const) {
    await api.buy(handle, sku, 2);
  }
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name });
const saved = (page: Page) => page.getByText('Saved.', { exact: true }).first();

async function openOrder(merchant: Shopper): Promise<void> {
  const { page } = merchant;
  await merchant.go('/admin/orders');
  await page.getByRole('cell', { name: 'bob@example.com' }).first().waitFor();
  await page.locator('tbody a').first().click();
  await page.getByRole('heading', { name: /^Order / }).waitFor();
}

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('on a %s', (name, size) => {
  it('every page can be read', async () => {
    const merchant = await Shopper.visit(browser, server, { size });
    await merchant.go('/admin');
    await merchant.shot(`admin-sign-in-${name}`);
    await merchant.leave();

    const owner = await openAdmin(browser, server, { size });
    const { page } = owner;
    await page.locator('.uplot canvas').first().waitFor();
    await owner.shot(`admin-home-${name}`);
    for (const [path, words] of [
      ['orders', 'bob@example.com'],
      ['reviews', 'No order is held.'],
      ['customers', 'Nobody has an account yet.'],
      ['products', 'Marsh teapot'],
      ['products/new', 'It begins as a draft'],
      ['collections', 'Kitchen & Table'],
      ['promotions', 'WELCOME10'],
      ['promotions/new', 'Whoever enters a code'],
      ['stock', 'TEA-POT-OAT'],
      ['imports', 'Take your products out'],
      ['settings', 'Countries it sells to'],
      ['settings/taxes', 'Add a rate'],
      ['settings/shipping', 'Add a zone'],
      ['settings/payments', 'Test provider'],
      ['settings/hosts', '127.0.0.1'],
      ['staff', 'Make a key'],
      ['functions', 'fraud-check'],
      ['events', 'order.placed'],
    ] as const) {
      await owner.go(`/admin/${path}`);
      await page.getByText(words).first().waitFor();
      await owner.shot(`admin-${path.replace('/', '-')}-${name}`);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, path).toBeLessThanOrEqual(0);
    }
    await openOrder(owner);
    await owner.shot(`admin-order-${name}`);
    await owner.go('/admin/products');
    await page.getByRole('link', { name: 'Marsh teapot' }).click();
    await page.getByRole('heading', { name: 'Variants and prices' }).waitFor();
    await owner.shot(`admin-product-${name}`);
    await owner.leave();
  });
});

describe('an order', () => {
  it('is sent, then given back in part', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    await openOrder(merchant);
    await page.getByText('Paid', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Send goods' }).click();
    const send = dialog(page, 'Send goods');
    await send.getByLabel('Carrier').fill('PostNL');
    await send.getByLabel('Tracking number').fill('3SABCD1234567');
    await merchant.shot('admin-send-desktop');
    await send.getByRole('button', { name: 'Mark as sent' }).click();
    await page.getByText('PostNL, 3SABCD1234567').waitFor();

    await page.getByRole('button', { name: 'Refund' }).click();
    const refund = dialog(page, 'Refund');
    await refund.getByLabel(/^Amount/).fill('9999999');
    await refund.getByText(/An amount up to/).waitFor();
    await refund.getByLabel(/^Amount/).fill('5');
    await refund.getByLabel('Reason').fill('A chipped lid');
    await merchant.shot('admin-refund-desktop');
    await refund.getByRole('button', { name: 'Give the money back' }).click();
    await page.getByRole('cell', { name: 'A chipped lid' }).waitFor();
    await merchant.leave();
  });

  it('is found by its buyer and cancelled', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    await api.buy('wren-box', 'GAR-NST', 1);
    await merchant.go('/admin/orders');
    await page.keyboard.press('/');
    await page.keyboard.type('bob@');
    await page.keyboard.press('Enter');
    await page.getByLabel('Delivery').selectOption('unfulfilled');
    await page.waitForURL(/q=bob%40.*fulfilment_status=unfulfilled/);
    await page.locator('tbody a').first().click();
    await page.getByRole('button', { name: 'Cancel order' }).click();
    await dialog(page, 'Cancel this order?').getByLabel('Reason').fill('Ordered twice');
    await dialog(page, 'Cancel this order?').getByRole('button', { name: 'Cancel the order' }).click();
    await page.locator('.badges').getByText('Cancelled').waitFor();
    await merchant.leave();
  });
});

describe('a product', () => {
  it('is made, priced, shown and sold', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    await merchant.go('/admin/products/new');
    await page.getByLabel('Title').fill('Reed whistle');
    await page.getByLabel('Price (EUR)').fill('12,5');
    await page.getByLabel('SKU').fill('TOY-WHI');
    await page.getByRole('button', { name: 'Make the product' }).click();
    await page.getByRole('heading', { name: 'Reed whistle' }).waitFor();
    await page.getByText('€12.50').waitFor();

    await page.getByRole('button', { name: 'Add a picture' }).click();
    await dialog(page, 'Add a picture').getByLabel('Address').fill('/images/sample/marsh-teapot-oat.svg');
    await dialog(page, 'Add a picture').getByLabel('Description').fill('A whistle');
    await dialog(page, 'Add a picture').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('img', { name: 'A whistle' }).waitFor();

    await page.getByRole('button', { name: 'The only one' }).click();
    const variant = dialog(page, /^Variant/);
    await variant.getByLabel('Price (EUR)').fill('11');
    await variant.getByLabel('Its stock is counted').uncheck();
    await merchant.shot('admin-variant-desktop');
    await variant.getByRole('button', { name: 'Save' }).click();
    await page.getByText('€11.00').waitFor();

    await page.getByLabel('State').selectOption('published');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await saved(page).waitFor();
    await page.getByRole('checkbox', { name: 'Kitchen & Table' }).check();
    const link = page.getByRole('link', { name: 'See it in the shop' });
    const shopper = await Shopper.visit(browser, server);
    await shopper.addToCart((await link.getAttribute('href')) ?? '');
    await shopper.drawer().getByText('Reed whistle').waitFor();
    await shopper.leave();
    await merchant.leave();
  });

  it('that two people change at once asks the second one', async () => {
    const ann = await openAdmin(browser, server);
    const ben = await openAdmin(browser, server);
    for (const one of [ann, ben]) {
      await one.go('/admin/products?q=selkie');
      await one.page.getByRole('link', { name: /Selkie/ }).first().click();
      await one.page.getByLabel('Vendor').waitFor();
    }
    await ann.page.getByLabel('Vendor').fill('Ann & Sons');
    await ann.page.getByLabel('Type').fill('Throws');
    await ann.page.getByRole('button', { name: 'Save', exact: true }).click();
    await saved(ann.page).waitFor();

    await ben.page.getByLabel('Vendor').fill('Ben & Daughters');
    await ben.page.getByLabel('Tags').fill('wool, warm');
    await ben.page.getByRole('button', { name: 'Save', exact: true }).click();
    const question = dialog(ben.page, 'Somebody else changed this meanwhile');
    await question.getByText('Ann & Sons').waitFor();
    await question.getByText('Theirs alone, kept as it is: Type').waitFor();
    await ben.shot('admin-conflict-desktop');
    await question.getByLabel('Theirs').check();
    await question.getByRole('button', { name: 'Save this way' }).click();
    await saved(ben.page).waitFor();
    expect(await ben.page.getByLabel('Vendor').inputValue()).toBe('Ann & Sons');
    expect(await ben.page.getByLabel('Type').inputValue()).toBe('Throws');
    expect(await ben.page.getByLabel('Tags').inputValue()).toBe('wool, warm');
    await ann.leave();
    await ben.leave();
  });
});

describe('stock', () => {
  it('is counted and its movements are told', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    await merchant.go('/admin/stock?sku=TEA-POT-OAT');
    await page.getByRole('link', { name: 'TEA-POT-OAT' }).first().click();
    await page.getByRole('button', { name: 'Change the count' }).click();
    const count = dialog(page, 'Change the count');
    await count.getByLabel('By how many').fill('many');
    await count.getByRole('button', { name: 'Change' }).click();
    await count.getByText('A whole number, such as 12 or -3.').waitFor();
    await count.getByLabel('By how many').fill('12');
    await count.getByLabel('Reason').fill('Kiln opened');
    await count.getByRole('button', { name: 'Change' }).click();
    await page.getByRole('cell', { name: 'Kiln opened' }).waitFor();
    await page.getByRole('cell', { name: '+12' }).first().waitFor();
    await merchant.shot('admin-stock-item-desktop');
    await merchant.leave();
  });
});

describe('files', () => {
  it('come in with progress and go out again', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    const rows = Array.from(
      { length: 40 },
      (_, i) => `kite-${i},Kite ${i},Heron,true,Title,Default Title,KIT-${i},${10 + i}.00`,
    );
    const file = join(mkdtempSync(join(tmpdir(), 'securecart-csv-')), 'kites.csv');
    const head =
      'Handle,Title,Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price';
    writeFileSync(file, [head, ...rows, ''].join('\n'));
    await merchant.go('/admin/imports');
    await page.getByLabel('CSV file').setInputFiles(file);
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText('40 of 40 products: 40 new').waitFor();
    await page.getByText('Only tried', { exact: true }).waitFor();
    await page.getByLabel('Only try: change nothing').uncheck();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('40 of 40 products: 40 new').nth(1).waitFor();
    await merchant.shot('admin-imported-desktop');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download products.csv' }).click();
    expect((await download).suggestedFilename()).toBe('products.csv');
    await merchant.go('/admin/products?q=kite');
    await page.getByRole('link', { name: 'Kite 7', exact: true }).waitFor();
    await merchant.leave();
  });
});

describe('people and keys', () => {
  it('a viewer sees and may not change', async () => {
    const owner = await openAdmin(browser, server);
    const { page } = owner;
    await owner.go('/admin/staff');
    await page.getByRole('button', { name: 'Add somebody' }).click();
    const add = dialog(page, 'Add somebody');
    await add.getByLabel('Name').fill('Vera');
    await add.getByLabel('E-mail').fill('vera@example.com');
    await add.getByLabel('Password').fill('a quiet reader');
    await add.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Vera' }).waitFor();

    await page.getByRole('button', { name: 'Make a key' }).click();
    await dialog(page, 'Make a key').getByLabel('Name').fill('Warehouse');
    await dialog(page, 'Make a key').getByRole('button', { name: 'Make it' }).click();
    const secret = await page.locator('.secret').textContent();
    expect(secret).toMatch(/^sk_/);
    await page.getByRole('button', { name: 'Revoke Warehouse' }).click();
    await dialog(page, 'Revoke Warehouse?').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('Revoked').first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();

    await page.getByLabel('E-mail').fill('vera@example.com');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('E-mail or password is not right.').waitFor();
    await page.getByLabel('Password').fill('a quiet reader');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('(Viewer)').waitFor();
    await owner.go('/admin/products?q=teapot');
    await page.getByRole('link', { name: 'Marsh teapot' }).click();
    await page.getByLabel('Vendor').fill('Vera');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Your role does not allow this.').waitFor();
    await owner.leave();
  });
});

describe('by keyboard alone', () => {
  it('goes from page to page and tells its keys', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.getByRole('heading', { name: 'Orders', level: 1 }).waitFor();
    await page.keyboard.press('?');
    await dialog(page, 'Keys').waitFor();
    await page.keyboard.press('Escape');
    await dialog(page, 'Keys').waitFor({ state: 'hidden' });
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.getByRole('heading', { name: 'Products', level: 1 }).waitFor();
    await merchant.leave();
  });
});

describe('the settings', () => {
  it('change what shoppers see', async () => {
    const merchant = await openAdmin(browser, server);
    const { page } = merchant;
    await merchant.go('/admin/settings');
    await page.getByLabel('Tagline').fill('Goods for slow days');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await saved(page).waitFor();
    await merchant.go('/admin/settings/shipping');
    await page.getByRole('button', { name: /^Change / }).first().click();
    await merchant.shot('admin-zone-desktop');
    await page.getByLabel('Description').first().fill('By barge');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await merchant.leave();
  });

  it('are as calm in the dark', async () => {
    const merchant = await openAdmin(browser, server, { dark: true });
    await merchant.page.locator('.uplot canvas').first().waitFor();
    await merchant.shot('admin-home-dark');
    await openOrder(merchant);
    await merchant.shot('admin-order-dark');
    await merchant.leave();
  });
});
