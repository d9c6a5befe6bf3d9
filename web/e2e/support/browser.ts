// Chromium as Debian ships it, and what a shopper does with it.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const desktop = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: flags });
}

export interface VisitOptions {
  size?: { width: number; height: number };
  dark?: boolean;
  locale?: string;
}

interface Found {
  id: string;
  help: string;
  nodes: string[];
}

// What moved by itself, as the browser scores it (https://web.dev/articles/cls).
function watchShifts(): void {
  const seen = { score: 0, what: [] as string[] };
  (window as unknown as { shifts: typeof seen }).shifts = seen;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const shift = entry as PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
        sources: { node?: Element }[];
      };
      if (!shift.hadRecentInput) {
        seen.score += shift.value;
        seen.what.push(...shift.sources.map(({ node }) => node?.className ?? '?'));
      }
    }
  }).observe({ type: 'layout-shift', buffered: true });
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
      locale: options.locale ?? 'en-GB',
    });
    await context.addInitScript(watchShifts);
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
    if (wholePage) {
      await this.axe(name);
    }
    const scrolls = await this.page.locator('dialog[open]').count();
    const fullPage = wholePage && scrolls === 0;
    await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage });
  }

  // axe finds nothing: WCAG 2.2 A and AA and axe's best practices.
  async axe(where: string): Promise<void> {
    await this.page.evaluate(axeSource);
    const found = await this.page.evaluate(async (): Promise<Found[]> => {
      const { axe } = window as unknown as {
        axe: {
          run: (options: object) => Promise<{
            violations: { id: string; help: string; nodes: { html: string; any: { message: string }[] }[] }[];
          }>;
        };
      };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const result = await axe.run({ runOnly: tags, resultTypes: ['violations'] });
      return result.violations.map(({ id, help, nodes }) => ({
        id,
        help,
        nodes: nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ''}`),
      }));
    });
    expect(found, where).toEqual([]);
  }

  // How much moved by itself since the page was opened.
  async shifts(): Promise<{ score: number; what: string[] }> {
    return this.page.evaluate(
      () => (window as unknown as { shifts: { score: number; what: string[] } }).shifts,
    );
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
