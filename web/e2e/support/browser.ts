// Chromium as Debian ships it, and what a shopper does with it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';

import { repository, type ShopServer } from './server';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const desktop = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: flags });
}

export interface VisitOptions {
  size?: { width: number; height: number };
  dark?: boolean;
}

// One shopper: a window of their own, with what went wrong in it.
export class Shopper {
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly server: ShopServer,
  ) {}

  static async visit(
    browser: Browser,
    server: ShopServer,
    options: VisitOptions = {},
  ): Promise<Shopper> {
    const context = await browser.newContext({
      baseURL: server.url,
      viewport: options.size ?? desktop,
      colorScheme: options.dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      isMobile: options.size === phone,
      hasTouch: options.size === phone,
    });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const shopper = new Shopper(page, context, server);
    page.on('pageerror', (error) => shopper.complaints.push(error.message));
    page.on('console', (message) => {
      // A failed request is logged by the browser itself; tests that break the line expect it.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        shopper.complaints.push(message.text());
      }
    });
    return shopper;
  }

  // Nothing may have gone wrong unseen.
  async leave(): Promise<void> {
    await this.context.close();
    expect(this.complaints).toEqual([]);
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.server.url + path);
    await this.page.locator('main h1').first().waitFor();
  }

  async shot(name: string, wholePage = true): Promise<void> {
    const folder = join(repository, 'artifacts', 'screenshots');
    mkdirSync(folder, { recursive: true });
    if (wholePage) {
      await this.page.waitForLoadState('networkidle');
      // Pictures below the fold load when they come near.
      await this.page.evaluate(async () => {
        for (const image of document.querySelectorAll('img')) {
          image.loading = 'eager';
        }
        window.scrollTo(0, 0); // sticky headers would be in the middle
        await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
      });
    }
    const scrolls = await this.page.locator('dialog[open]').count();
    const fullPage = wholePage && scrolls === 0;
    await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage });
  }

  // The product page's choice, into the cart; leaves the drawer open.
  async addToCart(path: string, options: string[] = []): Promise<void> {
    await this.go(path);
    for (const option of options) {
      await this.page.getByRole('radio', { name: option, exact: true }).check({ force: true });
    }
    await this.page.getByRole('button', { name: 'Add to cart' }).click();
    await this.drawer().waitFor();
  }

  drawer() {
    return this.page.getByRole('dialog', { name: 'Your cart' });
  }

  async fillCheckout(email = 'ada@example.com'): Promise<void> {
    const { page } = this;
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Full name').fill('Ada Lovelace');
    await page.getByLabel('Street and number').fill('Rietwal 14');
    await page.getByLabel('Postcode').fill('2011 ZW');
    await page.getByLabel('Town or city').fill('Haarlem');
    await page.getByRole('radio', { name: /^Standard/ }).waitFor();
    await this.settled();
  }

  // The totals on the page are those the server has.
  async settled(): Promise<void> {
    await this.page
      .locator('button[type=submit]:not([aria-disabled=true])', { hasText: 'Place order' })
      .waitFor();
    await this.page.getByText('You can cancel until').waitFor();
  }

  async choosePayment(name: string | RegExp): Promise<void> {
    await this.page.getByRole('radio', { name }).check();
  }

  placeButton() {
    return this.page.getByRole('button', { name: /^Place order/ });
  }

  async cartId(): Promise<string> {
    const text = await this.page.evaluate(() => localStorage.getItem('securecart.cart'));
    return (JSON.parse(text ?? '{}') as { id: string }).id;
  }

  async orderPage(): Promise<string> {
    try {
      await this.page.waitForURL(/\/orders\/ord_/, { waitUntil: 'commit' });
    } catch (error) {
      await this.shot('failed', false);
      throw error;
    }
    return new URL(this.page.url()).pathname.split('/').at(-1) ?? '';
  }

  // Until the page tells this state of the order.
  async seesState(state: string, timeout = 20_000): Promise<void> {
    await this.page.locator(`.status[data-state=${state}]`).waitFor({ timeout });
  }
}
