// A queue of keys, as in every Kubernetes controller: never two workers on one key, a key that is added while
// it is worked on is worked on once more, and one that fails comes back later.
import type { Log } from '../telemetry/log.ts';

export interface KeyedQueueOptions {
  readonly concurrency: number;
  readonly log: Log;
  /** Works on a key; returns after how many milliseconds to look again, if at all. */
  readonly work: (key: string) => Promise<number | void>;
}

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 30_000;

export class KeyedQueue {
  readonly #options: KeyedQueueOptions;
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #addedMeanwhile = new Set<string>();
  readonly #later = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<string, number>();
  #closed = false;

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#closed) return;
    clearTimeout(this.#later.get(key));
    this.#later.delete(key);
    if (this.#running.has(key)) this.#addedMeanwhile.add(key);
    else this.#ready.add(key);
    this.#startReady();
  }

  /** Adds the key after that time, unless it comes sooner anyway. */
  addLater(key: string, afterMs: number): void {
    if (this.#closed || this.#ready.has(key) || this.#later.has(key)) return;
    this.#later.set(
      key,
      setTimeout(() => this.add(key), afterMs),
    );
  }

  /** Starts nothing any more and waits for what runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#later.values()) clearTimeout(timer);
    this.#ready.clear();
    await Promise.all(this.#running.values());
  }

  #startReady(): void {
    for (const key of this.#ready) {
      if (this.#closed || this.#running.size >= this.#options.concurrency) return;
      this.#ready.delete(key);
      this.#running.set(key, this.#run(key));
    }
  }

  async #run(key: string): Promise<void> {
    const again = await this.#attempt(key);
    this.#running.delete(key);
    if (this.#addedMeanwhile.delete(key)) this.add(key);
    else if (again !== undefined) this.addLater(key, again);
    this.#startReady();
  }

  async #attempt(key: string): Promise<number | undefined> {
    const { work, log } = this.#options;
    try {
      const again = await work(key);
      this.#failures.delete(key);
      return again ?? undefined;
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const retryAfterMs = Math.min(FIRST_BACK_OFF_MS * 2 ** failures, LONGEST_BACK_OFF_MS);
      log.error('failed, will be tried again', { key, failures, retryAfterMs, error });
      return retryAfterMs;
    }
  }
}
