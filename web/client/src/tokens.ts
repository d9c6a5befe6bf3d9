// The secrets a client collects: the token of a cart it created, of an order it placed, of a session
// it opened. Kept here, they go along with the requests that need them.

export interface Tokens {
  cart(id: string): string | null;
  keepCart(id: string, token: string): void;
  order(id: string): string | null;
  keepOrder(id: string, token: string): void;
  // Of the signed-in customer or member of staff.
  session(): string | null;
  keepSession(token: string): void;
  // The server does not know this session any more, or it was ended.
  dropSession(token: string): void;
}

// As long as the page or the process lives.
export class MemoryTokens implements Tokens {
  private readonly kept = new Map<string, string>();

  cart(id: string): string | null {
    return this.kept.get(id) ?? null;
  }
  keepCart(id: string, token: string): void {
    this.kept.set(id, token);
  }
  order(id: string): string | null {
    return this.kept.get(id) ?? null;
  }
  keepOrder(id: string, token: string): void {
    this.kept.set(id, token);
  }
  session(): string | null {
    return this.kept.get('session') ?? null;
  }
  keepSession(token: string): void {
    this.kept.set('session', token);
  }
  dropSession(token: string): void {
    if (this.kept.get('session') === token) {
      this.kept.delete('session');
    }
  }
}

// In a browser's localStorage or sessionStorage, under names that begin with `prefix`.
export class StoredTokens implements Tokens {
  constructor(
    private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
    private readonly prefix = 'securecart.',
  ) {}

  cart(id: string): string | null {
    return this.storage.getItem(this.prefix + id);
  }
  keepCart(id: string, token: string): void {
    this.storage.setItem(this.prefix + id, token);
  }
  order(id: string): string | null {
    return this.storage.getItem(this.prefix + id);
  }
  keepOrder(id: string, token: string): void {
    this.storage.setItem(this.prefix + id, token);
  }
  session(): string | null {
    return this.storage.getItem(`${this.prefix}session`);
  }
  keepSession(token: string): void {
    this.storage.setItem(`${this.prefix}session`, token);
  }
  dropSession(token: string): void {
    if (this.session() === token) {
      this.storage.removeItem(`${this.prefix}session`);
    }
  }
}
