// Answers the end of a mover: its copy is moved, or the same copy is carried again after a while, or the sync fails.
import { ApplicationFailure } from '@temporalio/common';
import type { Job } from '../api/kubernetes.ts';
import { goDuration } from '../domain/duration.ts';
import { events } from '../domain/events.ts';
import type { Failure } from '../domain/failures.ts';
import { uidOf } from '../domain/preconditions.ts';
import { isNotFound } from '../kubernetes/kubernetes-error.ts';
import { attemptOf, JOB_ANNOTATIONS } from '../movers/job.ts';
import { verdictOn } from '../movers/mover-verdict.ts';
import type { MoverVerdict } from '../movers/mover-verdict.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import type { SyncContext } from './context.ts';
import type { Followed } from './mover-follow.ts';
import { findOwner } from './owner.ts';
import type { MoverTask } from './mover-task.ts';

export interface Answering {
  readonly task: MoverTask;
  readonly job: Job;
  readonly followed: Followed;
  readonly signal: AbortSignal;
}

/** Returns how the data was moved; throws what Temporal retries after the right time, or not at all. */
export async function answerEnd(context: SyncContext, answering: Answering): Promise<'done' | 'moved'> {
  const { task, job, followed } = answering;
  const { mover, limits } = task;
  const { end, log } = followed;
  const ended = {
    job: job.metadata.name,
    attempt: attemptOf(job),
    lastLine: log.lastLine(),
    ...(end.kind === 'ended' && { exitCode: end.exitCode }),
    ...(end.why !== undefined && { why: end.why }),
  };
  const verdict = verdictOn(ended, (exitCode) => mover.readExit(exitCode), limits);
  if (verdict.do === 'report') return verdict.end;
  const { reason, message } = verdict.failure;
  context.log.error('mover failed', { ...refOf(job), attempt: ended.attempt, reason, error: message });
  if (verdict.do === 'fail') throw moverFailure(verdict.failure, log.tail());
  await announceRetry(context, answering, verdict);
  throw moverFailure(verdict.failure, log.tail(), verdict.afterMs);
}

// Without a delay the failure is final. The log's end travels beside the sentence, for latestMoverStatus.
function moverFailure({ reason, message }: Failure, logs: string, nextRetryDelay?: number) {
  return ApplicationFailure.create({
    type: reason,
    message,
    details: [{ logs }],
    ...(nextRetryDelay === undefined ? { nonRetryable: true } : { nextRetryDelay }),
  });
}

// Said before the Job is marked: a worker that dies in between says it again, rather than never.
async function announceRetry(
  { cluster }: SyncContext,
  { task, job, signal }: Answering,
  { failure, afterMs }: MoverVerdict & { do: 'again' },
): Promise<void> {
  const attempt = attemptOf(job) + 1;
  const next = {
    attempt,
    attempts: task.limits.moverAttempts,
    delay: goDuration(afterMs),
    cutTime: task.cutTime,
  };
  const owner = await findOwner(cluster, task.owner, signal);
  if (owner !== undefined)
    await cluster.record({ regarding: owner, related: job, ...events.moverRetried(failure.message, next) });
  try {
    const annotations = { [JOB_ANNOTATIONS.failed]: failure.reason };
    await cluster.jobs.patch(refOf(job), { metadata: { ...uidOf(job), annotations } }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error; // Removed by a person: the next attempt makes another.
  }
}
