import type { Product, Variant } from 'securecart-client';
import { describe, expect, it } from 'vitest';

import { choose, findVariant, firstChoice, offerOf } from './variants';

function variant(values: string[], available = true): Variant {
  return {
    id: `var_${values.join('_')}`,
    title: values.join(' / '),
    option_values: values,
    sku: '',
    price: { currency: 'EUR', amount: 100, compare_at: null },
    image_id: null,
    available,
    quantity_available: available ? 3 : 0,
    backorder: false,
    requires_shipping: true,
    grams: 1,
  };
}

// Red is not made in L; blue S is sold out.
const apron: Product = {
  id: 'prod_1',
  handle: 'apron',
  title: 'Apron',
  description: '',
  vendor: '',
  type: '',
  tags: [],
  options: [
    { name: 'Colour', values: ['Blue', 'Red'] },
    { name: 'Size', values: ['S', 'L'] },
  ],
  images: [],
  variants: [variant(['Blue', 'S'], false), variant(['Blue', 'L']), variant(['Red', 'S'])],
  collections: [],
  seo: { title: '', description: '' },
};

describe('choosing a variant', () => {
  it('begins with the one asked for, else the first that can be bought', () => {
    expect(firstChoice(apron, 'var_Red_S')).toEqual(['Red', 'S']);
    expect(firstChoice(apron, 'var_unknown')).toEqual(['Blue', 'L']);
    expect(firstChoice(apron, null)).toEqual(['Blue', 'L']);
  });

  it('says honestly what a value would give', () => {
    expect(offerOf(apron, ['Blue', 'L'], 1, 'S')).toBe('sold_out');
    expect(offerOf(apron, ['Blue', 'L'], 0, 'Red')).toBe('missing');
    expect(offerOf(apron, ['Red', 'S'], 0, 'Red')).toBe('available');
  });

  it('goes to the nearest variant when the combination is not made', () => {
    expect(choose(apron, ['Blue', 'L'], 0, 'Red')).toEqual(['Red', 'S']);
    expect(choose(apron, ['Blue', 'L'], 1, 'S')).toEqual(['Blue', 'S']);
  });

  it('finds the one variant of a product without options', () => {
    const plain = { ...apron, options: [], variants: [variant([])] };
    expect(findVariant(plain, firstChoice(plain, null))?.id).toBe('var_');
  });
});
