// What was read from the API, kept while the shopper walks around: a page seen before shows at once
// and is read again behind the scenes when it is older than a moment.

import { useCallback, useEffect, useSyncExternalStore } from 'react';

const freshMs = 20_000;

interface Entry {
  state: { data: unknown; error: unknown };
  readAt: number; // 0: never
  reading: Promise<void> | null;
  listeners: Set<() => void>;
}

const entries = new Map<string, Entry>();

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = {
      state: { data: undefined, error: undefined },
      readAt: 0,
      reading: null,
      listeners: new Set(),
    };
    entries.set(key, entry);
  }
  return entry;
}

function settle(entry: Entry, state: Entry['state']): void {
  entry.state = state;
  entry.readAt = Date.now();
  entry.reading = null;
  for (const listener of entry.listeners) {
    listener();
  }
}

function read(key: string, load: () => Promise<unknown>): Promise<void> {
  const entry = entryOf(key);
  entry.reading ??= load().then(
    (data) => settle(entry, { data, error: undefined }),
    (error: unknown) => settle(entry, { data: entry.state.data, error }),
  );
  return entry.reading;
}

// Reads ahead what will probably be asked for, a product under the pointer.
export function prefetch(key: string, load: () => Promise<unknown>): void {
  if (entryOf(key).readAt + freshMs < Date.now()) {
    void read(key, load);
  }
}

// Keeps what some other request brought along.
export function remember(key: string, data: unknown): void {
  settle(entryOf(key), { data, error: undefined });
}

export function forgetQueries(prefix: string): void {
  for (const [key, entry] of entries) {
    if (key.startsWith(prefix)) {
      entry.readAt = 0;
      settleEmpty(entry);
    }
  }
}

function settleEmpty(entry: Entry): void {
  entry.state = { data: undefined, error: undefined };
  for (const listener of entry.listeners) {
    listener();
  }
}

const nothing = { data: undefined, error: undefined };

// `data` stays when reading it again fails. A null key reads nothing.
export function useQuery<T>(key: string | null, load: () => Promise<T>) {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (key === null) {
        return () => undefined;
      }
      const entry = entryOf(key);
      entry.listeners.add(listener);
      return () => entry.listeners.delete(listener);
    },
    [key],
  );
  const state = useSyncExternalStore(subscribe, () =>
    key === null ? nothing : entryOf(key).state,
  );
  useEffect(() => {
    if (key !== null && entryOf(key).readAt + freshMs < Date.now()) {
      void read(key, load);
    }
    // `load` is a new function each time; the key says what it reads.
  }, [key]); // eslint-disable-line
  return {
    data: state.data as T | undefined,
    error: state.error,
    reload: () => (key === null ? Promise.resolve() : read(key, load)),
  };
}
