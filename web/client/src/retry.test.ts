import { describe, expect, it, vi } from 'vitest';

import { Offline, Problem } from './errors.js';
import { pauseBefore, withRetries } from './retry.js';

const noPause = () => Promise.resolve();

describe('withRetries', () => {
  it('repeats what may pass until it succeeds', async () => {
    const work = vi
      .fn<() => Promise<string>>()
      .mockRejectedValueOnce(new Offline('gone'))
      .mockRejectedValueOnce(new Problem(503, 'unavailable', '', true))
      .mockResolvedValue('done');
    await expect(withRetries(work, { attempts: 5, pause: noPause })).resolves.toBe('done');
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('throws a refusal at once', async () => {
    const refusal = new Problem(409, 'out_of_stock', 'none left', false);
    const work = vi.fn().mockRejectedValue(refusal);
    await expect(withRetries(work, { attempts: 5, pause: noPause })).rejects.toBe(refusal);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('ends after its attempts', async () => {
    const work = vi.fn().mockRejectedValue(new Offline('gone'));
    const pauses: number[] = [];
    const onPause = (attempt: number) => pauses.push(attempt);
    await expect(
      withRetries(work, { attempts: 3, pause: noPause, onPause }),
    ).rejects.toBeInstanceOf(Offline);
    expect(work).toHaveBeenCalledTimes(3);
    expect(pauses).toEqual([1, 2]);
  });

  it('waits at least as long as the server asks for', async () => {
    const work = vi
      .fn<() => Promise<string>>()
      .mockRejectedValueOnce(new Problem(429, 'rate_limited', '', true, [], 7_000))
      .mockResolvedValue('done');
    const pause = vi.fn(noPause);
    await withRetries(work, { attempts: 2, pause });
    expect(pause).toHaveBeenCalledWith(7_000);
  });
});

describe('pauseBefore', () => {
  it('doubles up to the longest and leaves half to chance', () => {
    const options = { attempts: 9, firstPauseMs: 100, longestPauseMs: 1_000 };
    const least = [1, 2, 3, 4, 5, 6].map((n) => pauseBefore(n, { ...options, random: () => 0 }));
    const most = [1, 2, 3, 4, 5, 6].map((n) => pauseBefore(n, { ...options, random: () => 1 }));
    expect(least).toEqual([50, 100, 200, 400, 500, 500]);
    expect(most).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });
});
