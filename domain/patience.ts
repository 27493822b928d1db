// How long a sync goes on waiting for a trigger that is overdue, and what comes then.
import type { SyncLimits } from '../api/sync.ts';

export interface Patience {
  /** Milliseconds from now; absent: without limit. */
  readonly forMs?: number;
  /** `tooLate`: the source's overdue-policy takes effect. `silence`: the wait goes on as a new run. */
  readonly next: 'tooLate' | 'silence';
}

/** `waitedMs`: since the question, by the sync's own stopwatch. */
export function patienceWith(limits: SyncLimits, waitedMs: number): Patience {
  const left = leftOf(limits, waitedMs);
  const { continueAfterMs } = limits;
  if (left !== undefined && left <= (continueAfterMs ?? left)) return { forMs: left, next: 'tooLate' };
  return continueAfterMs === undefined ? { next: 'silence' } : { forMs: continueAfterMs, next: 'silence' };
}

// Without a deadline, a policy takes effect as soon as the trigger is overdue, and `wait` never.
function leftOf({ waitDeadlineMs, overduePolicy }: SyncLimits, waitedMs: number): number | undefined {
  if (waitDeadlineMs !== undefined) return Math.max(0, waitDeadlineMs - waitedMs);
  return overduePolicy === undefined ? undefined : 0;
}
