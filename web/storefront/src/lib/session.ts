// Who is signed in on this browser.

import type { Customer, CustomerSession } from 'securecart-client';
import { Signal } from 'securecart-kit/signal';
import { forget, readStored, store } from 'securecart-kit/storage';

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

// The same session, its owner under another name or address.
export function nowCalled(customer: Customer): void {
  const current = session.get();
  if (current !== null) {
    const next = { ...current, customer };
    store(name, next);
    session.set(next);
  }
}

// Of that token: a newer session of another tab stays.
export function signedOut(token: string): void {
  if (session.get()?.token === token) {
    forget(name);
    session.set(null);
  }
}
