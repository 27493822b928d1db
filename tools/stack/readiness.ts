import { setTimeout as sleep } from 'node:timers/promises';
import { readInside } from './inside-request.ts';
import type { Layout } from './layout.ts';

export interface Wait {
  /** As in "etcd did not become ready". */
  readonly what: string;
  /** Where to read on when it does not. */
  readonly log: string;
  readonly limitSeconds?: number;
}

/** Asks again until the answer is neither undefined nor false; an error counts as "not yet". */
export async function until<T>(wait: Wait, ask: () => Promise<T | undefined | false>): Promise<T> {
  const { what, log, limitSeconds = 90 } = wait;
  const end = Date.now() + limitSeconds * 1000;
  let lastWords = 'no answer';
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastWords = error instanceof Error ? error.message : String(error);
    }
    await sleep(50);
  }
  throw new Error(`${what} did not become ready in ${limitSeconds} s (${lastWords}); see ${log}.`);
}

/** Whether a health page inside the stack's network says 200. */
export async function isHealthy(layout: Layout, url: string): Promise<boolean> {
  return (await readInside(layout, new URL(url))).status === 200;
}

/** Whether somebody answers there, be it with a refusal. */
export async function answers(layout: Layout, url: string): Promise<boolean> {
  return (await readInside(layout, new URL(url))).status > 0;
}
