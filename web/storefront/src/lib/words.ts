import { isPassing, Problem } from 'securecart-client';

import { locale, text } from '../text';

// What to tell a person about an error.
export function explain(error: unknown): string {
  if (error instanceof Problem && !isPassing(error)) {
    return text.failure.other(error.detail);
  }
  return isPassing(error) ? text.failure.offline : text.failure.other('');
}

const formatted = (time: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(locale() === 'en-IE' ? 'en-GB' : locale(), options).format(
    new Date(time),
  );

export const sayDay = (time: string): string => formatted(time, { dateStyle: 'long' });

export const sayMoment = (time: string): string =>
  formatted(time, { day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' });

export const countryName = (code: string): string =>
  new Intl.DisplayNames([locale()], { type: 'region' }).of(code) ?? code;

export function weight(grams: number): string {
  const unit = grams >= 1000 ? 'kilogram' : 'gram';
  const amount = grams >= 1000 ? grams / 1000 : grams;
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit,
    maximumFractionDigits: 2,
  }).format(amount);
}
