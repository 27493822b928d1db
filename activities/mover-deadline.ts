// The longest time that carrying one copy away may take: all attempts, all workers, the wait for the snapshot included.
import { activityInfo } from '@temporalio/activity';
import { goDuration } from '../domain/duration.ts';
import { failures } from '../domain/failures.ts';
import { refusal } from './context.ts';
import type { MoverTask } from './mover-task.ts';
import { after } from './watching.ts';

export interface Timed {
  readonly task: MoverTask;
  /** By the API server's clock, which no wrong clock of this machine moves: milliseconds since the epoch. */
  readonly now: number;
}

export interface MoverDeadline {
  /** Aborted when the time has passed, and with the activity itself. */
  readonly signal: AbortSignal;
  /** Negative when it had passed when the attempt began. */
  readonly leftMs: number;
}

// A mover that ended in time, with nobody there to see it, has still succeeded.
const LAST_LOOK_MS = 10_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export async function withinDeadline<R>(
  { task, now }: Timed,
  signal: AbortSignal,
  work: (deadline: MoverDeadline) => Promise<R>,
): Promise<R> {
  // Of the first attempt: a worker that dies does not lengthen it.
  const at = activityInfo().scheduledTimestampMs + task.limits.moverDeadlineMs;
  const leftMs = at - now;
  const passed = after(Math.min(LONGEST_TIMER_MS, Math.max(LAST_LOOK_MS, leftMs)));
  try {
    return await work({ signal: AbortSignal.any([signal, passed]), leftMs });
  } catch (error) {
    if (signal.aborted || !passed.aborted) throw error;
    throw overdue(task);
  }
}

export function overdue({ job, limits }: MoverTask) {
  return refusal(failures.moverOverdue(job.name, goDuration(limits.moverDeadlineMs)));
}
