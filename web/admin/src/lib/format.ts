// How values are read and written.

const formats = new Map<string, { format: Intl.NumberFormat; digits: number }>();

function formatOf(currency: string) {
  let known = formats.get(currency);
  if (known === undefined) {
    const format = new Intl.NumberFormat('en-IE', { style: 'currency', currency });
    known = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 };
    formats.set(currency, known);
  }
  return known;
}

// 5800 EUR -> "€58.00"
export function money(amount: number, currency: string): string {
  const { format, digits } = formatOf(currency);
  return format.format(amount / 10 ** digits);
}

// 5800 EUR -> "58.00", as one types it
export function moneyText(amount: number, currency: string): string {
  const { digits } = formatOf(currency);
  return (amount / 10 ** digits).toFixed(digits);
}

// "58", "58.5" or "58,50" -> 5850; null for what is not an amount of this currency.
export function parseMoney(text: string, currency: string): number | null {
  const { digits } = formatOf(currency);
  const match = /^(\d{1,10})(?:[.,](\d+))?$/.exec(text.trim());
  if (match === null || (match[2]?.length ?? 0) > digits) {
    return null;
  }
  return Number((match[1] ?? '') + (match[2] ?? '').padEnd(digits, '0'));
}

// "7", "-3" -> a whole number; null for what is none.
export const parseWhole = (text: string): number | null =>
  /^[+-]?\d{1,9}$/.test(text.trim()) ? Number(text) : null;

const moment = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

export const sayMoment = (time: string): string => moment.format(new Date(time));
export const sayDay = (time: string): string => day.format(new Date(time));
export const sayExactly = (time: string): string => exact.format(new Date(time));

const names = new Intl.DisplayNames(['en'], { type: 'region' });
export const countryName = (code: string): string => names.of(code) ?? code;

// "partially_refunded" -> "Partially refunded"
export function words(code: string): string {
  const text = code.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const percent = (basisPoints: number): string =>
  `${Number((basisPoints / 100).toFixed(2))}%`;
