import { isPassing, Problem } from '../api/http';
import { text } from '../text';

// What to tell a person about an error.
export function explain(error: unknown): string {
  if (error instanceof Problem && !isPassing(error)) {
    return text.failure.other(error.detail);
  }
  return isPassing(error) ? text.failure.offline : text.failure.other('');
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
const moment = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  hour: '2-digit',
  minute: '2-digit',
});

export const sayDay = (time: string): string => day.format(new Date(time));
export const sayMoment = (time: string): string => moment.format(new Date(time));

const names = new Intl.DisplayNames(['en'], { type: 'region' });

export const countryName = (code: string): string => names.of(code) ?? code;

export function weight(grams: number): string {
  return grams >= 1000 ? `${Number((grams / 1000).toFixed(2))} kg` : `${grams} g`;
}
