// What can come of a request beside an answer: a Problem the server explains, or silence (Offline),
// after which nobody knows whether the request took effect.

import type { ErrorCode } from './generated/schemas.js';

export interface FieldProblem {
  // A JSON pointer into the body, `query.limit`, `header.if-match`, or a line of a file.
  where: string;
  what: string;
}

// RFC 9457. `code` is stable and typed; an answer of a gateway in between has `http_<status>`.
export class Problem<Code extends string = ErrorCode | (string & {})> extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly status: number,
    readonly code: Code,
    readonly detail: string,
    // The same request may succeed later, unchanged.
    readonly retryable: boolean,
    readonly errors: FieldProblem[] = [],
    readonly retryAfterMs = 0,
    readonly requestId = '',
  ) {
    super(detail === '' ? code : `${code}: ${detail}`);
  }
}

export class Offline extends Error {
  override readonly name = 'Offline';
}

// if (isProblem(error, 'out_of_stock', 'price_changed')) …
export function isProblem<Code extends ErrorCode>(
  error: unknown,
  ...codes: Code[]
): error is Problem<Code> {
  return (
    error instanceof Problem &&
    (codes.length === 0 || (codes as readonly string[]).includes(error.code))
  );
}

// The same request may work later, unchanged.
export function isPassing(error: unknown): boolean {
  return error instanceof Offline || (error instanceof Problem && error.retryable);
}

export function problemOf(status: number, text: string, retryAfter: string | null): Problem {
  const seconds = Number(retryAfter ?? 0);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
  let body: Partial<Record<string, unknown>> = {};
  try {
    body = (JSON.parse(text) ?? {}) as typeof body;
  } catch {
    // A gateway in between answered with a page of its own.
  }
  const words = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const retryable = typeof body['retryable'] === 'boolean' ? body['retryable'] : status >= 502;
  const errors = Array.isArray(body['errors']) ? (body['errors'] as FieldProblem[]) : [];
  return new Problem(
    status,
    words('code') || `http_${status}`,
    words('detail'),
    retryable,
    errors,
    waitMs,
    words('request_id'),
  );
}
