// How a row of the API's table (generated/) becomes a request, and an answer or an error.

import { isPassing, Offline, Problem, problemOf } from './errors.js';
import { withRetries } from './retry.js';
import { MemoryTokens, type Tokens } from './tokens.js';

// One operation, as the OpenAPI document has it. `Args` and `Body` are known to the compiler only.
export interface Operation<Args, Body> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string; // /v1/store/carts/{cart_id}
  readonly query?: readonly string[];
  // The content type of the body; `json` for application/json.
  readonly takes?: string;
  // The answer is text, not JSON.
  readonly text?: true;
  // Requires an Idempotency-Key.
  readonly keyed?: true;
  // Sending it twice leaves what sending it once leaves.
  readonly repeatable?: true;
  // Which secret goes along, and which one the answer brings.
  readonly token?: 'cart' | 'order';
  readonly keeps?: 'cart' | 'order' | 'session';
  // Ends the session it is called with.
  readonly drops?: 'session';
  readonly types?: (args: Args) => Body;
}

export interface CallOptions {
  // In all, the first one included.
  attempts?: number;
  // Of one attempt.
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  // Told before each further attempt.
  onRetry?: (attempt: number, pauseMs: number, error: unknown) => void;
}

export interface ClientOptions {
  // Where the shop is: "https://shop.example". Empty in a page that the shop serves itself.
  url?: string;
  publishableKey?: string;
  // Never in a page: whoever has it is the shop.
  secretKey?: string;
  tokens?: Tokens;
  attempts?: number;
  timeoutMs?: number;
  fetch?: typeof fetch;
  // Pauses between attempts, for tests.
  pause?: (ms: number) => Promise<void>;
}

export interface Answer<Body> {
  status: number; // 200..299 or 304
  body: Body; // null with 204 and 304
  etag: string | null;
  // The first answer again: the request was carried out before.
  replayed: boolean;
}

const usualAttempts = 4;
const usualTimeoutMs = 15_000;

// A new Idempotency-Key. randomUUID exists in secure contexts only; getRandomValues everywhere.
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// 7 -> "v7" with quotes, as If-Match has it; an ETag stays as it is.
export const versionTag = (version: number | string): string =>
  typeof version === 'number' ? `"v${version}"` : version;

type Values = Record<string, unknown>;

interface Prepared {
  url: string;
  init: RequestInit & { headers: Record<string, string> };
  session: string | null;
}

export class Client {
  readonly tokens: Tokens;
  private readonly options: ClientOptions;

  constructor(options: ClientOptions = {}) {
    this.options = options;
    this.tokens = options.tokens ?? new MemoryTokens();
  }

  // The body of the answer. Errors are Problem, Offline, or an AbortError when `signal` ended it.
  async call<Args, Body>(
    operation: Operation<Args, Body>,
    args: Args,
    options: CallOptions = {},
  ): Promise<Body> {
    return (await this.send(operation, args, options)).body;
  }

  // The same with what stands around the body. With `if_none_match` among the arguments, 304 has a
  // null body.
  async send<Args, Body>(
    operation: Operation<Args, Body>,
    args: Args,
    options: CallOptions = {},
  ): Promise<Answer<Body>> {
    const values = { ...(args as Values) };
    if (operation.keyed) {
      values['idempotency_key'] ??= newKey(); // the same in every attempt
    }
    return withRetries(() => this.once(operation, values, options), {
      attempts: options.attempts ?? this.options.attempts ?? usualAttempts,
      pause: this.options.pause,
      onPause: options.onRetry,
      signal: options.signal,
      again: (error) => isPassing(error) && mayRepeat(operation, error),
    });
  }

  private async once<Args, Body>(
    operation: Operation<Args, Body>,
    values: Values,
    options: CallOptions,
  ): Promise<Answer<Body>> {
    const limit = new AbortController();
    const timeoutMs = options.timeoutMs ?? this.options.timeoutMs ?? usualTimeoutMs;
    const giveUp = setTimeout(() => limit.abort(), timeoutMs);
    const abandon = () => limit.abort();
    options.signal?.addEventListener('abort', abandon, { once: true });
    const { url, init, session } = this.prepare(operation, values);
    try {
      const response = await (this.options.fetch ?? fetch)(url, { ...init, signal: limit.signal });
      const text = await response.text();
      if (!response.ok && response.status !== 304) {
        throw problemOf(response.status, text, response.headers.get('Retry-After'));
      }
      const body = text === '' ? null : operation.text ? text : (JSON.parse(text) as unknown);
      this.remember(operation, body, session);
      return {
        status: response.status,
        body: body as Body,
        etag: response.headers.get('ETag'),
        replayed: response.headers.get('Idempotency-Replayed') === 'true',
      };
    } catch (error) {
      if (error instanceof Problem) {
        if (error.code === 'unauthorised' && session !== null) {
          this.tokens.dropSession(session);
        }
        throw error;
      }
      if (options.signal?.aborted) {
        throw new DOMException('no longer wanted', 'AbortError');
      }
      // fetch rejects, the body breaks off, or what came was not JSON: a proxy's page, half an answer.
      throw new Offline(error instanceof Error ? error.message : 'no answer');
    } finally {
      clearTimeout(giveUp);
      options.signal?.removeEventListener('abort', abandon);
    }
  }

  private prepare<Args, Body>(operation: Operation<Args, Body>, values: Values): Prepared {
    const headers: Record<string, string> = {
      Accept: operation.text ? '*/*' : 'application/json',
    };
    const session = this.options.secretKey === undefined ? this.tokens.session() : null;
    const bearer = this.options.secretKey ?? session;
    if (bearer !== null) {
      headers['Authorization'] = `Bearer ${bearer}`;
    }
    const set = (name: string, value: unknown) => {
      if (value !== undefined && value !== null) {
        headers[name] = String(value);
      }
    };
    set('X-Publishable-Key', this.options.publishableKey);
    set('Idempotency-Key', values['idempotency_key']);
    const version = values['if_match'] as number | string | undefined;
    set('If-Match', version === undefined ? undefined : versionTag(version));
    set('If-None-Match', values['if_none_match']);
    if (operation.token === 'cart') {
      const id = String(values['cart_id']);
      set('X-Cart-Token', values['cart_token'] ?? this.tokens.cart(id));
    } else if (operation.token === 'order') {
      const id = String(values['order_id']);
      set('X-Order-Token', values['order_token'] ?? this.tokens.order(id));
    }
    const init: Prepared['init'] = { method: operation.method, headers };
    if (headers['If-None-Match'] !== undefined) {
      init.cache = 'no-store'; // so that a 304 reaches us
    }
    if (operation.takes !== undefined && values['body'] !== undefined) {
      const json = operation.takes === 'json';
      headers['Content-Type'] = json ? 'application/json' : operation.takes;
      init.body = json ? JSON.stringify(values['body']) : (values['body'] as string);
    }
    return { url: (this.options.url ?? '') + target(operation, values), init, session };
  }

  private remember(
    operation: Operation<never, unknown>,
    body: unknown,
    session: string | null,
  ): void {
    if (operation.keeps === 'session') {
      this.tokens.keepSession((body as { session: { token: string } }).session.token);
    } else if (operation.keeps !== undefined) {
      const { id, token } = body as { id: string; token: string };
      if (operation.keeps === 'cart') {
        this.tokens.keepCart(id, token);
      } else {
        this.tokens.keepOrder(id, token);
      }
    }
    if (operation.drops !== undefined && session !== null) {
      this.tokens.dropSession(session);
    }
  }
}

function target(operation: Operation<never, unknown>, values: Values): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined || value === null || value === '') {
      throw new TypeError(`${operation.path} needs ${name}`);
    }
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const name of operation.query ?? []) {
    const value = values[name];
    if (value !== undefined && value !== null && value !== '') {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

// After silence only what may be done twice is done again. 429 and 503 are said before anything was
// done.
function mayRepeat(operation: Operation<never, unknown>, error: unknown): boolean {
  const untouched = error instanceof Problem && (error.status === 429 || error.status === 503);
  return operation.repeatable === true || operation.keyed === true || untouched;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

// Every item of a list, page after page:
//   for await (const order of eachItem((cursor) => admin.listOrders({ cursor, limit: 100 }))) …
export async function* eachItem<Item>(
  read: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
