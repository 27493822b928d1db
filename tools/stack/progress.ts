import { setTimeout as sleep } from 'node:timers/promises';
import type { Say } from './shell.ts';

export interface Progress {
  readonly say: Say;
  readonly everySeconds?: number;
  /** The line for the time passed so far, such as `2:31`. */
  readonly line: (passed: string) => string;
}

/** Says the line at once and then at intervals until the work has ended. */
export async function reporting<T>({ say, everySeconds = 20, line }: Progress, work: Promise<T>): Promise<T> {
  const started = Date.now();
  const finished = new AbortController();
  const talk = async () => {
    while (!finished.signal.aborted) {
      say(line(minutesAndSeconds(Date.now() - started)));
      await sleep(everySeconds * 1000, undefined, { signal: finished.signal, ref: false });
    }
  };
  talk().catch(() => {});
  try {
    return await work;
  } finally {
    finished.abort();
  }
}

/** `0:07`, `12:31` */
export function minutesAndSeconds(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
