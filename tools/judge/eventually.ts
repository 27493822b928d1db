import { setTimeout as sleep } from 'node:timers/promises';

const AGAIN_AFTER_MS = 250;

/** Tries until it succeeds, as people do while what they ask is away; fails with the last error. */
export async function eventually<T>(action: () => Promise<T>, withinMs: number): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(AGAIN_AFTER_MS);
    }
  }
}
