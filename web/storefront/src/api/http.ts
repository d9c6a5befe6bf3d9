// One request to the API and what can come of it: an answer, a Problem the server explains, or
// silence (Offline), after which nobody knows whether the request took effect.

export interface FieldProblem {
  where: string;
  what: string;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryable: boolean,
    readonly errors: FieldProblem[] = [],
    readonly retryAfterMs = 0,
  ) {
    super(`${code}: ${detail}`);
  }
}

export class Offline extends Error {
  override readonly name = 'Offline';
}

export interface Call {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  headers?: Record<string, string | undefined>;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number; // 200..299 or 304
  body: unknown; // parsed JSON; null without a body
  etag: string | null;
}

const usualTimeoutMs = 15_000;

export async function send(call: Call): Promise<Answer> {
  const limit = new AbortController();
  const giveUp = setTimeout(() => limit.abort(), call.timeoutMs ?? usualTimeoutMs);
  const abandon = () => limit.abort();
  call.signal?.addEventListener('abort', abandon, { once: true });
  try {
    const response = await fetch(call.path, requestOf(call, limit.signal));
    const text = await response.text();
    if (response.ok || response.status === 304) {
      return {
        status: response.status,
        body: text === '' ? null : JSON.parse(text),
        etag: response.headers.get('ETag'),
      };
    }
    throw problemOf(response.status, text, response.headers.get('Retry-After'));
  } catch (error) {
    if (error instanceof Problem) {
      throw error;
    }
    if (call.signal?.aborted) {
      throw new DOMException('no longer wanted', 'AbortError');
    }
    // fetch rejects, the body breaks off, or what came was not JSON: a proxy's page, half an answer.
    throw new Offline(error instanceof Error ? error.message : 'no answer');
  } finally {
    clearTimeout(giveUp);
    call.signal?.removeEventListener('abort', abandon);
  }
}

function requestOf(call: Call, signal: AbortSignal): RequestInit {
  const headers: Record<string, string> = { Accept: 'application/json' };
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    if (value !== undefined) {
      headers[name] = value;
    }
  }
  const request: RequestInit = { method: call.method ?? 'GET', headers, signal };
  if (headers['If-None-Match'] !== undefined) {
    request.cache = 'no-store'; // so that a 304 reaches us
  }
  if (call.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    request.body = JSON.stringify(call.body);
  }
  return request;
}

function problemOf(status: number, text: string, retryAfter: string | null): Problem {
  const seconds = Number(retryAfter ?? 0);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
  let body: Partial<Record<string, unknown>> = {};
  try {
    body = (JSON.parse(text) ?? {}) as typeof body;
  } catch {
    // A gateway in between answered with a page of its own.
  }
  const code = typeof body['code'] === 'string' ? body['code'] : `http_${status}`;
  const detail = typeof body['detail'] === 'string' ? body['detail'] : '';
  const retryable = typeof body['retryable'] === 'boolean' ? body['retryable'] : status >= 502;
  const errors = Array.isArray(body['errors']) ? (body['errors'] as FieldProblem[]) : [];
  return new Problem(status, code, detail, retryable, errors, waitMs);
}

// The same request may work later, unchanged.
export function isPassing(error: unknown): boolean {
  return error instanceof Offline || (error instanceof Problem && error.retryable);
}
