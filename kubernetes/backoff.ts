import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** How long to wait after so many failures in a row: doubling, and jittered so that clients do not return together. */
export function backoffMs(
  failures: number,
  { firstMs, longestMs }: BackoffLimits,
  random = Math.random,
): number {
  if (failures <= 0) return 0;
  const doubled = Math.min(longestMs, firstMs * 2 ** (failures - 1));
  return doubled * (0.5 + random() / 2);
}

/** Resolves after the time, or at once when the signal aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return;
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
