/** Aborts its signal when the time is up or when the caller gives up, whichever comes first. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether the time was up (and not the caller's patience). */
  readonly passed: boolean;
  /** The time that runs now. */
  readonly milliseconds: number | undefined;
  /** Starts the time anew; undefined lifts the deadline and leaves the caller's signal. */
  restart(milliseconds: number | undefined): void;
  /** Frees the timer and leaves the caller's signal; always call it. */
  end(): void;
}

// AbortSignal.any with AbortSignal.timeout would hold a timer and a listener for the full time after each
// call, on signals that live as long as the process.
export function startDeadline(milliseconds: number | undefined, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(caller?.reason);
  let timer: NodeJS.Timeout | undefined;
  let running = milliseconds;
  let passed = false;

  const expire = (): void => {
    passed = true;
    controller.abort(new Error('deadline'));
  };
  const restart = (next: number | undefined): void => {
    if (timer !== undefined && next === running) return void timer.refresh();
    clearTimeout(timer);
    running = next;
    timer = next === undefined ? undefined : setTimeout(expire, next);
  };

  restart(milliseconds);
  if (caller?.aborted) giveUp();
  caller?.addEventListener('abort', giveUp, { once: true });
  return {
    signal: controller.signal,
    get passed() {
      return passed;
    },
    get milliseconds() {
      return running;
    },
    restart,
    end: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', giveUp);
    },
  };
}

/** Settles with the promise, or rejects as soon as the signal aborts. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
