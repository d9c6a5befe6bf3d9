// A value that components follow: the smallest store there is.

import { useSyncExternalStore } from 'react';

export class Signal<T> {
  private readonly listeners = new Set<() => void>();
  constructor(private value: T) {}

  readonly get = (): T => this.value;

  readonly set = (value: T): void => {
    if (!Object.is(value, this.value)) {
      this.value = value;
      for (const listener of this.listeners) {
        listener();
      }
    }
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export function useSignal<T>(signal: Signal<T>): T {
  return useSyncExternalStore(signal.subscribe, signal.get);
}
