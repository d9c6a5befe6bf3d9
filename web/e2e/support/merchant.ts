// Somebody who runs the shop, at /admin.

import type { Browser } from 'playwright-core';

import { Shopper, type VisitOptions } from './browser';
import type { ShopServer } from './server';

export async function openAdmin(
  browser: Browser,
  server: ShopServer,
  options: VisitOptions = {},
): Promise<Shopper> {
  const merchant = await Shopper.visit(browser, server, options);
  const { owner_email, owner_password } = server.credentials();
  const { page } = merchant;
  await merchant.go('/admin');
  await page.getByLabel('E-mail').fill(owner_email);
  await page.getByLabel('Password').fill(owner_password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Today', level: 1 }).waitFor();
  return merchant;
}
