// A promotion as a form: texts as they are typed, and back.

import type { Promotion, PromotionUpdate, Shop } from 'securecart-client';

import { money, moneyText, parseMoney, parseWhole, percent, sayDay } from './format';

export type Kind = Promotion['kind'];

export const kinds = [
  ['percentage', 'A percentage'],
  ['fixed_amount', 'An amount'],
  ['free_shipping', 'The shipping'],
  ['buy_x_get_y', 'Units: buy some, get some'],
] as const;

export type Draft = {
  title: string;
  active: boolean;
  combines: boolean;
  percent: string;
  amounts: Record<string, string>;
  buy: string;
  get: string;
  products: string[];
  collections: string[];
  minimum: Record<string, string>;
  starts: string;
  ends: string;
  limit: string;
  customerLimit: string;
};

export type Problems = Partial<Record<keyof Draft, string>>;

const blanks = (shop: Shop): Record<string, string> =>
  Object.fromEntries(shop.currencies.map((currency) => [currency, '']));

export const emptyDraft = (shop: Shop): Draft => ({
  title: '',
  active: true,
  combines: false,
  percent: '',
  amounts: blanks(shop),
  buy: '',
  get: '',
  products: [],
  collections: [],
  minimum: blanks(shop),
  starts: '',
  ends: '',
  limit: '',
  customerLimit: '',
});

const two = (n: number) => String(n).padStart(2, '0');

// As <input type=datetime-local> takes it: the clock on the wall of whoever looks.
export function wallClock(time: string | null): string {
  if (time === null) {
    return '';
  }
  const at = new Date(time);
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

const timeOf = (text: string): string | null => (text === '' ? null : new Date(text).toISOString());

const texts = (amounts: Record<string, number> | undefined, shop: Shop) => ({
  ...blanks(shop),
  ...Object.fromEntries(
    Object.entries(amounts ?? {}).map(([currency, amount]) => [currency, moneyText(amount, currency)]),
  ),
});

const numberText = (number: number | null | undefined): string =>
  number === null || number === undefined ? '' : String(number);

export const draftOf = (promotion: Promotion, shop: Shop): Draft => ({
  title: promotion.title ?? '',
  active: promotion.active,
  combines: promotion.combines,
  percent: promotion.basis_points === undefined ? '' : String(promotion.basis_points / 100),
  amounts: texts(promotion.amounts, shop),
  buy: numberText(promotion.buy_quantity),
  get: numberText(promotion.get_quantity),
  products: promotion.product_ids,
  collections: promotion.collection_ids,
  minimum: texts(promotion.minimum_subtotal, shop),
  starts: wallClock(promotion.starts_at),
  ends: wallClock(promotion.ends_at),
  limit: numberText(promotion.usage_limit),
  customerLimit: numberText(promotion.customer_limit),
});

// "12,5" -> 1250; null for what is no percentage up to 100.
export function basisPoints(text: string): number | null {
  const match = /^(\d{1,3})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  if (match === null) {
    return null;
  }
  const points = Number((match[1] ?? '') + (match[2] ?? '').padEnd(2, '0'));
  return points >= 1 && points <= 10_000 ? points : null;
}

const isCount = (text: string): boolean => (parseWhole(text) ?? 0) >= 1;

export function problemsOf(kind: Kind, withCode: boolean, draft: Draft, shop: Shop): Problems {
  const problems: Problems = {};
  const filled = (values: Record<string, string>) =>
    shop.currencies.filter((currency) => (values[currency] ?? '').trim() !== '');
  const badMoney = (values: Record<string, string>) =>
    filled(values).some((currency) => parseMoney(values[currency] ?? '', currency) === null);
  if (draft.title.trim() === '') {
    problems.title = 'What shoppers read.';
  }
  if ((kind === 'percentage' || kind === 'buy_x_get_y') && basisPoints(draft.percent) === null) {
    problems.percent = 'More than 0 and up to 100, such as 10 or 12.5.';
  }
  if (kind === 'fixed_amount' && (filled(draft.amounts).length === 0 || badMoney(draft.amounts))) {
    problems.amounts = 'An amount in one currency at least, such as 5 or 12.50.';
  }
  if (kind === 'buy_x_get_y') {
    if (!isCount(draft.buy)) {
      problems.buy = 'A whole number, such as 2.';
    }
    if (!isCount(draft.get)) {
      problems.get = 'A whole number, such as 1.';
    }
  }
  if (badMoney(draft.minimum)) {
    problems.minimum = 'Amounts such as 50 or 49.90, or nothing.';
  }
  if (draft.starts !== '' && draft.ends !== '' && draft.starts >= draft.ends) {
    problems.ends = 'After it begins.';
  }
  for (const name of withCode ? (['limit', 'customerLimit'] as const) : []) {
    if (draft[name].trim() !== '' && !isCount(draft[name])) {
      problems[name] = 'A whole number, or nothing.';
    }
  }
  return problems;
}

const amountsOf = (values: Record<string, string>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([currency, text]) => {
      const amount = text.trim() === '' ? null : parseMoney(text, currency);
      return amount === null ? [] : [[currency, amount]];
    }),
  );

const countOf = (text: string): number | null => (text.trim() === '' ? null : parseWhole(text));

// What is sent of a draft in which problemsOf found nothing. Members that are not of the kind are
// left out.
export function bodyOf(kind: Kind, draft: Partial<Draft>): PromotionUpdate {
  const body: PromotionUpdate = {};
  if (draft.title !== undefined) {
    body.title = draft.title.trim();
  }
  if (draft.active !== undefined) {
    body.active = draft.active;
  }
  if (draft.combines !== undefined) {
    body.combines = draft.combines;
  }
  const points = basisPoints(draft.percent ?? '');
  if ((kind === 'percentage' || kind === 'buy_x_get_y') && points !== null) {
    body.basis_points = points;
  }
  if (kind === 'fixed_amount' && draft.amounts !== undefined) {
    body.amounts = amountsOf(draft.amounts);
  }
  const buy = countOf(draft.buy ?? '');
  const get = countOf(draft.get ?? '');
  if (kind === 'buy_x_get_y') {
    if (buy !== null) {
      body.buy_quantity = buy;
    }
    if (get !== null) {
      body.get_quantity = get;
    }
  }
  if (draft.products !== undefined) {
    body.product_ids = draft.products;
  }
  if (draft.collections !== undefined) {
    body.collection_ids = draft.collections;
  }
  if (draft.minimum !== undefined) {
    body.minimum_subtotal = amountsOf(draft.minimum);
  }
  if (draft.starts !== undefined) {
    body.starts_at = timeOf(draft.starts);
  }
  if (draft.ends !== undefined) {
    body.ends_at = timeOf(draft.ends);
  }
  if (draft.limit !== undefined) {
    body.usage_limit = countOf(draft.limit);
  }
  if (draft.customerLimit !== undefined) {
    body.customer_limit = countOf(draft.customerLimit);
  }
  return body;
}

// "10%", "€5.00", "Buy 2, get 1"
export function sayOff(promotion: Promotion): string {
  switch (promotion.kind) {
    case 'percentage':
      return percent(promotion.basis_points ?? 0);
    case 'fixed_amount':
      return Object.entries(promotion.amounts ?? {})
        .map(([currency, amount]) => money(amount, currency))
        .join(' / ');
    case 'free_shipping':
      return 'Shipping';
    case 'buy_x_get_y': {
      const off = promotion.basis_points ?? 0;
      const how = off === 10_000 ? '' : ` at ${percent(off)} off`;
      return `Buy ${promotion.buy_quantity ?? 0}, get ${promotion.get_quantity ?? 0}${how}`;
    }
  }
}

// What it does right now, and the tone that is told in.
export function stateOf(promotion: Promotion, now: number): { badge: string; words: string } {
  const { active, starts_at, ends_at, used, usage_limit } = promotion;
  if (!active) {
    return { badge: 'draft', words: 'Off' };
  }
  if (ends_at !== null && Date.parse(ends_at) <= now) {
    return { badge: 'draft', words: 'Ended' };
  }
  if (starts_at !== null && Date.parse(starts_at) > now) {
    return { badge: 'waiting', words: `From ${sayDay(starts_at)}` };
  }
  if (usage_limit !== null && used >= usage_limit) {
    return { badge: 'draft', words: 'Used up' };
  }
  return { badge: 'active', words: 'On' };
}
