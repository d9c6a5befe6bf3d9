// Who is signed in on this browser.

import type { Customer, CustomerSession } from '../api/types';
import { Signal } from './signal';
import { forget, readStored, store } from './storage';

const name = 'securecart.session';

interface Session {
  token: string;
  expires_at: string;
  customer: Customer;
}

function stored(): Session | null {
  const session = readStored<Session>(name);
  return session !== null && Date.parse(session.expires_at) > Date.now() ? session : null;
}

export const session = new Signal<Session | null>(stored());

export const sessionToken = (): string | null => session.get()?.token ?? null;

export function signedIn(answer: CustomerSession): void {
  const next = { ...answer.session, customer: answer.customer };
  store(name, next);
  session.set(next);
}

// Of that token: a newer session of another tab stays.
export function signedOut(token: string): void {
  if (session.get()?.token === token) {
    forget(name);
    session.set(null);
  }
}
