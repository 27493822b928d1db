import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../kubernetes/backoff.ts';

const LIMITS = { firstMs: 500, longestMs: 30_000 };

describe('the wait between attempts', () => {
  it('is nothing at first, then doubles up to its limit', () => {
    const waits = [0, 1, 2, 3, 7, 50].map((failures) => backoffMs(failures, LIMITS, () => 1));
    expect(waits).toEqual([0, 500, 1_000, 2_000, 30_000, 30_000]);
  });

  it('is jittered down to one half', () => {
    expect(backoffMs(3, LIMITS, () => 0)).toBe(1_000);
  });
});
