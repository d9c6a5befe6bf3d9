import { newKey, type Shop } from 'securecart-client';
import { matchPath } from 'securecart-kit/router';
import { beforeEach, describe, expect, it } from 'vitest';

import { beginAttempt, endAttempt, pendingAttempt } from './attempts';
import { money, percent, taxLabel } from './money';
import { presentationOf, pricesIncludeTax } from './shop';

describe('money', () => {
  it('knows how many minor units a currency has', () => {
    expect(money(5_800, 'EUR')).toBe('€58.00');
    expect(money(5_800, 'JPY')).toMatch(/5,800$/);
    expect(money(0, 'GBP')).toBe('£0.00');
  });

  it('writes rates without needless zeros', () => {
    expect([percent(2_100), percent(725), percent(550), percent(0)]).toEqual([
      '21%',
      '7.25%',
      '5.5%',
      '0%',
    ]);
  });
});

describe('taxLabel', () => {
  const tax = (name: string) => ({ name, basis_points: 725, amount: 1 });

  it('says whether the tax is in the price or comes on top of it', () => {
    expect(taxLabel(tax('VAT 7.25 %'), true)).toBe('incl. VAT 7.25 %');
    expect(taxLabel(tax('VAT 7.25 %'), false)).toBe('+ VAT 7.25 %');
    expect(taxLabel(tax('Sales tax'), false)).toBe('+ Sales tax (7.25%)');
  });
});

describe('pricesIncludeTax', () => {
  const shop = (tax_included_in: Record<string, boolean>, prices_include_tax = true) =>
    ({ home_country: 'NL', prices_include_tax, tax_included_in }) as unknown as Shop;

  it('is what the shop says, unless it says another thing of the country', () => {
    expect(pricesIncludeTax(shop({}))).toBe(true);
    expect(pricesIncludeTax(shop({ US: false }))).toBe(true);
    expect(pricesIncludeTax(shop({ US: false }), 'US')).toBe(false);
    expect(pricesIncludeTax(shop({ NL: true }, false))).toBe(true);
    expect(pricesIncludeTax(shop({ NL: true }, false), 'DE')).toBe(false);
  });
});

describe('matchPath', () => {
  it('takes the values out of a path', () => {
    expect(matchPath('/products/:handle', '/products/marsh-teapot')).toEqual({
      handle: 'marsh-teapot',
    });
    expect(matchPath('/products/:handle', '/products/caf%C3%A9')).toEqual({ handle: 'café' });
    expect(matchPath('/', '/')).toEqual({});
  });

  it.each(['/products', '/products/', '/products/a/b', '/product/a', '/products/%E0%A4'])(
    'refuses %s',
    (path) => {
      expect(matchPath('/products/:handle', path)).toBeNull();
    },
  );
});

describe('attempts', () => {
  beforeEach(() => localStorage.clear());

  it('keep their key for the same wish and take a new one for another', () => {
    const first = beginAttempt('pay', { method: 'a' });
    expect(beginAttempt('pay', { method: 'a' })).toEqual(first);
    expect(beginAttempt('pay', { method: 'b' }).key).not.toBe(first.key);
    endAttempt('pay');
    expect(pendingAttempt('pay')).toBeNull();
  });

  it('have keys the API takes', () => {
    expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
    expect(newKey()).not.toBe(newKey());
  });
});

describe('presentationOf', () => {
  const shop = (presentation: Record<string, unknown>) => ({ presentation }) as unknown as Shop;

  it('takes what is well formed', () => {
    const found = presentationOf(
      shop({
        logo: '/images/logo.svg',
        hero: 'https://cdn.example/hero.jpg',
        headline: 'Hello',
        featured: ['a', 1, 'b'],
        colours: { paper: '#f6f1e7', ink: 'red; background: url(x)' },
      }),
    );
    expect(found).toEqual({
      logo: '/images/logo.svg',
      hero: 'https://cdn.example/hero.jpg',
      headline: 'Hello',
      featured: ['a', 'b'],
      colours: { paper: '#f6f1e7' },
    });
  });

  it('leaves out what is not', () => {
    const found = presentationOf(
      shop({ logo: 'javascript:alert(1)', hero: '//evil.example/x.png', headline: 7, colours: 'no' }),
    );
    expect(found).toEqual({ colours: {} });
  });
});
