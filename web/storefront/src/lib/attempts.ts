// What must happen once and may be asked for many times.
//
// Before such a request is first sent, its key and body are written down here; they stay until the
// server has answered for good. A reload, a crash or a lost connection therefore repeats the same
// request with the same Idempotency-Key, and the server answers with what it did the first time.

import { newKey } from 'securecart-client';
import { forget, readStored, store } from 'securecart-kit/storage';

export interface Attempt<Body> {
  key: string;
  body: Body;
}

const nameOf = (purpose: string) => `securecart.attempt.${purpose}`;

export function pendingAttempt<Body>(purpose: string): Attempt<Body> | null {
  return readStored<Attempt<Body>>(nameOf(purpose));
}

// The attempt under way when it asks for the same, else a new one in its place.
export function beginAttempt<Body>(purpose: string, body: Body): Attempt<Body> {
  const pending = pendingAttempt<Body>(purpose);
  if (pending !== null && JSON.stringify(pending.body) === JSON.stringify(body)) {
    return pending;
  }
  const attempt = { key: newKey(), body };
  store(nameOf(purpose), attempt);
  return attempt;
}

export function endAttempt(purpose: string): void {
  forget(nameOf(purpose));
}
