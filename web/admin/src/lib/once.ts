// What must happen once: the key stays the same until the server has answered for good, so that a
// second click after silence repeats the first request instead of making another.

import { useRef } from 'react';
import { isPassing, newKey } from 'securecart-client';

export function useOnce(): <T>(act: (key: string) => Promise<T>) => Promise<T> {
  const key = useRef(newKey());
  return async (act) => {
    try {
      const done = await act(key.current);
      key.current = newKey();
      return done;
    } catch (error) {
      if (!isPassing(error)) {
        key.current = newKey(); // refused: the next try is a new one
      }
      throw error;
    }
  };
}
