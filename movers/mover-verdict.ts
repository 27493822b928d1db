// What follows from the end of a mover: the sync goes on, the same copy is carried again, or the sync fails.
import type { SyncLimits } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';
import type { Failure } from '../domain/failures.ts';
import type { MoverEnd } from './mover.ts';

export type MoverVerdict =
  | { readonly do: 'report'; readonly end: 'done' | 'moved' }
  /** `afterMs`: from now to the next attempt. */
  | { readonly do: 'again'; readonly failure: Failure; readonly afterMs: number }
  | { readonly do: 'fail'; readonly failure: Failure };

export interface MoverEnded {
  readonly job: string;
  /** Which attempt at this copy it was, from 1. */
  readonly attempt: number;
  /** Undefined when it left none. */
  readonly exitCode?: number;
  /** What stands beside the exit code: killed for want of memory, pod deleted, … */
  readonly why?: string;
  readonly lastLine: string;
}

const LONGEST_DELAY_MS = 600_000;

export function verdictOn(
  ended: MoverEnded,
  readExit: (exitCode: number) => MoverEnd,
  { moverAttempts, moverRetryMs }: Pick<SyncLimits, 'moverAttempts' | 'moverRetryMs'>,
): MoverVerdict {
  const { job, attempt, exitCode, why, lastLine } = ended;
  if (exitCode === 0) return { do: 'report', end: 'done' };
  const end = exitCode === undefined ? 'retry' : readExit(exitCode);
  if (end === 'moved') return { do: 'report', end };
  const said = why === undefined ? lastLine : `${why}; ${lastLine}`;
  if (end === 'refused' && exitCode !== undefined)
    return { do: 'fail', failure: failures.moverRefused(job, exitCode, said) };
  const failure =
    exitCode === undefined
      ? failures.moverVanished(job, why ?? 'nobody knows why')
      : failures.moverFailed(job, exitCode, said);
  if (attempt >= moverAttempts) return { do: 'fail', failure: givenUp(failure, attempt) };
  return { do: 'again', failure, afterMs: Math.min(LONGEST_DELAY_MS, moverRetryMs * 2 ** (attempt - 1)) };
}

function givenUp(failure: Failure, attempts: number): Failure {
  const message = `${failure.message}; it was given up after ${attempts} attempts, and the next sync begins anew`;
  return { ...failure, message };
}
