// The shop for everyone: by keyboard alone, in the dark, with an account, in other currencies.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBrowser, phone, Shopper } from '../support/browser';
import { ShopServer } from '../support/server';

let server: ShopServer;
let browser: Browser;

beforeAll(async () => {
  server = await ShopServer.open();
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const mostTabs = 150;

// Presses Tab until the focus is on what is called `name`.
async function tabTo(shopper: Shopper, name: RegExp): Promise<void> {
  const { keyboard } = shopper.page;
  for (let i = 0; i < mostTabs; ++i) {
    await keyboard.press('Tab');
    const focused = await shopper.page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      const labels = (element as HTMLInputElement | null)?.labels;
      return (
        element?.getAttribute('aria-label') ??
        (labels && labels.length > 0 ? (labels[0]?.innerText ?? '') : (element?.innerText ?? ''))
      );
    });
    if (name.test(focused)) {
      return;
    }
  }
  throw new Error(`Tab never reached ${name}`);
}

describe('by keyboard alone', () => {
  it('the focus is seen, and an order is placed', async () => {
    const shopper = await Shopper.visit(browser, server);
    const { page } = shopper;
    const { keyboard } = page;
    await shopper.go('/collections/tea-coffee');
    await page.locator('.card a').first().waitFor();
    await keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
      'Skip to the content',
    );
    await keyboard.press('Enter');
    await tabTo(shopper, /Marsh teapot/);
    await shopper.shot('keyboard-focus-desktop', false);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Marsh teapot' }).waitFor();
    await tabTo(shopper, /Oat/);
    await keyboard.press('ArrowRight');
    await page.locator('.option-chosen').getByText('Slate blue').waitFor();
    await tabTo(shopper, /Add to cart/);
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Your cart' }).waitFor();
    await tabTo(shopper, /^Check out$/);
    await keyboard.press('Enter');
    await page.getByLabel('E-mail').waitFor();

    for (const [label, value] of [
      [/^E-mail/, 'ada@example.com'],
      [/^Full name/, 'Ada Lovelace'],
      [/^Street and number/, 'Rietwal 14'],
      [/^Postcode/, '2011 ZW'],
      [/^Town or city/, 'Haarlem'],
    ] as const) {
      await tabTo(shopper, label);
      await keyboard.type(value);
    }
    await page.getByRole('radio', { name: /^Standard/ }).waitFor();
    await shopper.settled();
    await tabTo(shopper, /^Standard/);
    await keyboard.press('ArrowDown');
    await page.getByText('€11.95').first().waitFor();
    await shopper.settled();
    await tabTo(shopper, /^Place order for/);
    await keyboard.press('Enter');
    await shopper.orderPage();
    await shopper.seesState('paid');
    await shopper.leave();
  });

  it('Escape closes the cart and gives the focus back', async () => {
    const shopper = await Shopper.visit(browser, server);
    await shopper.addToCart('/products/wren-box');
    await shopper.page.keyboard.press('Escape');
    await shopper.page.getByRole('dialog', { name: 'Your cart' }).waitFor({ state: 'hidden' });
    expect(await shopper.page.evaluate(() => document.activeElement?.textContent)).toBe(
      'Add to cart',
    );
    await shopper.leave();
  });
});

describe('a form that is not complete', () => {
  it('says what is missing and goes there', async () => {
    const shopper = await Shopper.visit(browser, server);
    await shopper.addToCart('/products/heather-honey');
    await shopper.page.getByRole('link', { name: 'Check out' }).click();
    await shopper.page.getByLabel('E-mail').fill('not an address');
    await shopper.placeButton().click();
    await shopper.page.getByText('Full name is missing', { exact: true }).waitFor();
    expect(await shopper.page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe(
      'email',
    );
    await shopper.shot('checkout-incomplete-desktop');
    await shopper.leave();
  });
});

describe('an account', () => {
  it('keeps addresses and orders, and takes the cart along', async () => {
    const shopper = await Shopper.visit(browser, server);
    const { page } = shopper;
    await shopper.addToCart('/products/breakfast-tea');
    await shopper.go('/account');
    await shopper.shot('sign-in-desktop');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('Your name').fill('Grace Hopper');
    await page.getByLabel('E-mail').fill('grace@example.com');
    await page.getByLabel('Password').fill('a nanosecond of wire');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByRole('heading', { name: 'Hello, Grace Hopper' }).waitFor();

    await page.getByRole('button', { name: 'Add an address' }).click();
    await page.getByLabel('Full name').fill('Grace Hopper');
    await page.getByLabel('Street and number').fill('Kade 1');
    await page.getByLabel('Postcode').fill('1011 AB');
    await page.getByLabel('Town or city').fill('Amsterdam');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Kade 1').waitFor();

    await page.getByRole('button', { name: 'Change name, e-mail or password' }).click();
    await page.getByLabel('Your name').fill('Amazing Grace');
    await page.getByLabel('E-mail').fill('amazing@example.com');
    await page.getByLabel('Your password until now').fill('wrong');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your password until now is not right.').waitFor();
    await page.getByLabel('Your password until now').fill('a nanosecond of wire');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Hello, Amazing Grace' }).waitFor();

    await shopper.go('/checkout');
    await page.getByRole('radio', { name: /^Standard/ }).waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe('amazing@example.com');
    expect(await page.getByLabel('Street and number').inputValue()).toBe('Kade 1');
    await shopper.settled();
    await shopper.placeButton().click();
    await shopper.orderPage();
    await shopper.seesState('paid');

    await shopper.go('/account/orders');
    await page.getByText('Being packed').waitFor();
    await shopper.shot('account-desktop');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByLabel('E-mail').fill('amazing@example.com');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('E-mail or password is not right.').waitFor();
    await shopper.leave();
  });
});

describe('looking around', () => {
  it('finds things by search', async () => {
    const shopper = await Shopper.visit(browser, server);
    await shopper.go('/');
    await shopper.page.getByRole('searchbox', { name: 'Search the shop' }).fill('stonew');
    await shopper.page.keyboard.press('Enter');
    await shopper.page.getByText(/results for “stonew”/).waitFor();
    await shopper.shot('search-desktop');
    await shopper.go('/search?q=zeppelin');
    await shopper.page.getByText('We have nothing for “zeppelin”').waitFor();
    await shopper.leave();
  });

  it('changes the currency everywhere', async () => {
    const shopper = await Shopper.visit(browser, server);
    const { page } = shopper;
    await shopper.addToCart('/products/wren-box');
    await page.keyboard.press('Escape');
    await page.getByLabel('Currency').selectOption('GBP');
    await page.locator('.product-price').getByText('£30.00').waitFor();
    await shopper.go('/cart');
    await page.locator('.line-total').getByText('£30.00').waitFor();
    await shopper.leave();
  });

  it('adds American sales tax on top', async () => {
    const shopper = await Shopper.visit(browser, server);
    const { page } = shopper;
    await shopper.go('/');
    await page.getByLabel('Currency').selectOption('USD');
    await shopper.addToCart('/products/long-neck-vase', ['Oat']);
    await page.getByRole('link', { name: 'Check out' }).click();
    await page.getByRole('combobox', { name: 'Country' }).selectOption('US');
    await page.getByLabel('State').selectOption('NY');
    await shopper.fillCheckout();
    await page.getByText('+ Sales tax 4 %').first().waitFor();
    await shopper.shot('checkout-us-desktop');
    await shopper.placeButton().click();
    await shopper.orderPage();
    await shopper.seesState('paid');
    await shopper.leave();
  });

  it('is told kindly that there is nothing', async () => {
    const shopper = await Shopper.visit(browser, server);
    for (const path of ['/nowhere', '/products/unicorn', '/collections/unicorns']) {
      await shopper.page.goto(server.url + path);
      await shopper.page.getByRole('heading', { name: 'Nothing on this shelf' }).waitFor();
    }
    await shopper.shot('not-found-desktop');
    expect((await fetch(`${server.url}/nowhere`, { headers: { Accept: 'text/html' } })).status).toBe(
      404,
    );
    await shopper.leave();
  });

  it('is as calm in the dark', async () => {
    const shopper = await Shopper.visit(browser, server, { dark: true });
    await shopper.go('/');
    await shopper.page.locator('.card img').first().waitFor();
    await shopper.shot('home-dark');
    await shopper.addToCart('/products/selkie-blanket', ['Ochre']);
    await shopper.shot('drawer-dark');
    await shopper.page.getByRole('link', { name: 'Check out' }).click();
    await shopper.fillCheckout();
    await shopper.shot('checkout-dark');
    await shopper.placeButton().click();
    await shopper.orderPage();
    await shopper.seesState('paid');
    await shopper.shot('order-dark');
    await shopper.leave();
  });

  it('fits a phone without scrolling sideways', async () => {
    const shopper = await Shopper.visit(browser, server, { size: phone });
    await shopper.addToCart('/products/willow-basket', ['Large']);
    for (const path of [
      '/',
      '/collections',
      '/products/willow-basket',
      '/search?q=tea',
      '/cart',
      '/checkout',
      '/account',
      '/nowhere',
    ]) {
      await shopper.go(path);
      await shopper.page.waitForLoadState('networkidle');
      const overflow = await shopper.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, path).toBeLessThanOrEqual(0);
    }
    await shopper.go('/');
    await shopper.page.getByRole('button', { name: 'Menu' }).click();
    await shopper.page.getByRole('dialog', { name: 'Menu' }).waitFor();
    await shopper.shot('menu-phone');
    await shopper.leave();
  });
});
