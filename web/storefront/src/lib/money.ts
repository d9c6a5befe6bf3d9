import type { TaxLine } from 'securecart-client';

import { locale, text } from '../text';

const formats = new Map<string, { format: Intl.NumberFormat; unit: number }>();

function formatOf(currency: string) {
  const name = `${locale()} ${currency}`;
  let known = formats.get(name);
  if (known === undefined) {
    const format = new Intl.NumberFormat(locale(), { style: 'currency', currency });
    known = { format, unit: 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2) };
    formats.set(name, known);
  }
  return known;
}

// 5800 EUR -> "€58.00"
export function money(amount: number, currency: string): string {
  const { format, unit } = formatOf(currency);
  return format.format(amount / unit);
}

// 2100 -> "21%", 725 -> "7.25%"
export function percent(basisPoints: number): string {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 2 }).format(
    basisPoints / 10_000,
  );
}

// "incl. VAT 21 %" or "+ Sales tax (7.25%)": a rate's name may have its number in it already.
export function taxLabel(tax: TaxLine, included: boolean): string {
  const name = /\d\s?%/.test(tax.name)
    ? tax.name
    : text.totals.taxAndRate(tax.name, percent(tax.basis_points));
  return included ? text.totals.taxIncluded(name) : text.totals.taxAdded(name);
}
