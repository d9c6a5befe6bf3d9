import { isPassing, Problem } from './errors.js';

export interface RetryOptions {
  attempts: number; // in all; Infinity to go on until it is settled
  firstPauseMs?: number;
  longestPauseMs?: number;
  // Told before each pause.
  onPause?: ((attempt: number, pauseMs: number, error: unknown) => void) | undefined;
  // Ends a pause early, for "try now" buttons and tests.
  pause?: ((ms: number) => Promise<void>) | undefined;
  random?: () => number;
  signal?: AbortSignal | undefined;
  // Which errors are worth another try; those that may pass, when left out.
  again?: (error: unknown) => boolean;
}

// Pauses double from the first to the longest; half of each is left to chance, so that a thousand
// pages that lost one server do not come back in the same instant.
export function pauseBefore(attempt: number, options: RetryOptions): number {
  const first = options.firstPauseMs ?? 300;
  const longest = options.longestPauseMs ?? 5_000;
  const full = Math.min(first * 2 ** (attempt - 1), longest);
  return full / 2 + (full / 2) * (options.random ?? Math.random)();
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

// Does `work` again while what it throws may pass. Other errors, and the last one, are thrown on.
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const again = options.again ?? isPassing;
  for (let attempt = 1; ; ++attempt) {
    try {
      return await work();
    } catch (error) {
      if (!again(error) || attempt >= options.attempts || options.signal?.aborted) {
        throw error;
      }
      const asked = error instanceof Problem ? error.retryAfterMs : 0;
      const pauseMs = Math.max(asked, pauseBefore(attempt, options));
      options.onPause?.(attempt, pauseMs, error);
      await (options.pause ?? sleep)(pauseMs);
    }
  }
}
