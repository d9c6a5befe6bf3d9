import { Offline, Problem } from 'securecart-client';

// What to tell a person about an error.
export function explain(error: unknown): string {
  if (error instanceof Offline) {
    return 'The shop does not answer right now. Nothing is known to have changed; please try again.';
  }
  if (error instanceof Problem) {
    if (error.code === 'forbidden') {
      return 'Your role does not allow this. Ask an owner of the shop.';
    }
    const fields = error.errors.map(({ where, what }) => `${where} ${what}`).join('; ');
    return [error.detail || error.code, fields].filter((part) => part !== '').join(' ');
  }
  return error instanceof Error ? error.message : 'Something went wrong.';
}

export const isConflict = (error: unknown): boolean =>
  error instanceof Problem && error.status === 412;

export const isMissing = (error: unknown): boolean =>
  error instanceof Problem && error.status === 404;
