// The driver's calls one after another, each within its time: a quiesce that was given up has ended before the unquiesce.
import type { Log } from '../telemetry/log.ts';
import type { Driver } from './drivers/driver.ts';
import type { Happening } from './state.ts';

export interface DriverTurns {
  quiesce(): void;
  /** Ends the quiesce that runs. */
  abandon(): void;
  unquiesce(): void;
}

export interface TurnsOptions {
  readonly driver: Driver;
  readonly log: Log;
  readonly tell: (happening: Happening) => void;
  /** Longest time of one call. */
  readonly quiesceWithinMs: number;
}

/** A driver that does not heed its abort is not waited for any longer. */
const ABORT_HEEDED_WITHIN_MS = 5_000;

export function createDriverTurns({ driver, log, tell, quiesceWithinMs }: TurnsOptions): DriverTurns {
  let turn: Promise<void> = Promise.resolve();
  let quiescing = new AbortController();
  let freeze = {};

  const inTurn = (call: () => Promise<void>): void => {
    turn = turn.then(call);
  };
  return {
    quiesce() {
      quiescing = new AbortController();
      const signal = quiescing.signal;
      const mine = (freeze = {});
      // A freeze that was let go cannot be lost any more.
      const lost = (error: Error): void => {
        if (freeze !== mine) return;
        log.error('the application stands still no longer, though it was not let go', { error });
        tell({ kind: 'freezeLost' });
      };
      inTurn(async () => {
        try {
          await within(driver.quiesce({ signal, lost }), signal);
          tell({ kind: 'quiesced' });
        } catch (error) {
          if (!signal.aborted) log.error('the quiesce failed', { error });
          tell({ kind: 'quiesceFailed' });
        }
      });
    },
    abandon: () => quiescing.abort(new Error('the quiesce was given up')),
    unquiesce() {
      freeze = {};
      inTurn(async () => {
        const signal = AbortSignal.timeout(quiesceWithinMs);
        try {
          await within(driver.unquiesce(signal), signal);
          tell({ kind: 'unquiesced' });
        } catch (error) {
          log.error('the unquiesce failed, trying again', { error });
          tell({ kind: 'unquiesceFailed' });
        }
      });
    },
  };
}

/** Settles with the call; rejects when that does not end soon after the abort. */
async function within(call: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: neverEnds, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const late = (): void => {
    const seconds = ABORT_HEEDED_WITHIN_MS / 1000;
    timer = setTimeout(
      () => reject(new Error(`it did not end within ${seconds} s of being told to`)),
      ABORT_HEEDED_WITHIN_MS,
    );
  };
  if (signal.aborted) late();
  signal.addEventListener('abort', late, { once: true });
  try {
    await Promise.race([call, neverEnds]);
  } finally {
    signal.removeEventListener('abort', late);
    clearTimeout(timer);
  }
}
