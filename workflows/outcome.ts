// How a sync ended, read from what it threw: the reason and sentence of the failure that started it.
import { ApplicationFailure, isCancellation, rootCause } from '@temporalio/workflow';
import { TimeoutFailure } from '@temporalio/common';
import type { Outcome, SourceRef, SyncPlan, Unsuccessful } from '../api/sync.ts';
import { failures, isRefusal } from '../domain/failures.ts';
import { REFUSED } from '../domain/messages.ts';

/** `ref`: whose sync it was. */
export function outcomeOf(error: unknown, ref: SourceRef): Unsuccessful {
  const name = `${ref.namespace}/${ref.name}`;
  if (isCancellation(error)) {
    const { reason, message } = failures.cancelled(name);
    return { result: 'Cancelled', reason, message };
  }
  const failure = causeOf(error, ApplicationFailure);
  if (failure !== undefined)
    return {
      result: detailsOf(failure).skip === true ? 'Skipped' : 'Failed',
      reason: failure.type ?? 'Error',
      message: failure.message,
      ...logsOf(failure),
    };
  const reason = causeOf(error, TimeoutFailure) === undefined ? 'Error' : 'Timeout';
  return {
    result: 'Failed',
    reason,
    message: rootCause(error) ?? `The sync of ${name} ended without a reason`,
  };
}

/** As people and the controller see it: `Refused` is a failure that starts again by itself once its input is mended. */
export function shownResult(
  outcome: Unsuccessful | { readonly result: 'Successful' },
): Outcome['result'] | typeof REFUSED {
  const refused = outcome.result === 'Failed' && isRefusal(outcome.reason);
  return refused ? REFUSED : outcome.result;
}

/** The sync waits no longer, because its source says so: skipped, it is no failure. */
export function triggerOverdue({ source, pvc, limits }: SyncPlan): ApplicationFailure {
  const { overduePolicy = 'fail' } = limits;
  const skip = overduePolicy === 'skip';
  const { reason, message } = failures.triggerOverdue(`${source.namespace}/${pvc.name}`, THEN[overduePolicy]);
  return ApplicationFailure.create({ type: reason, message, nonRetryable: true, details: [{ skip }] });
}

const THEN = {
  skip: 'this synchronization is skipped, and the next one asks again',
  fail: 'this synchronization fails, and the next one asks again',
  copy: 'it is copied crash-consistently',
} as const;

/** The worker of the application's owner could not quiesce it. */
export function notQuiesced(taskQueue: string, why: string): ApplicationFailure {
  const { reason, message } = failures.quiesceFailed(taskQueue, why);
  return ApplicationFailure.nonRetryable(message, reason);
}

interface Details {
  readonly logs?: string;
  readonly skip?: boolean;
}

function detailsOf({ details }: ApplicationFailure): Details {
  const [first = {}] = (details ?? []) as [Details?];
  return first;
}

// The tail of the mover's log travels in the details.
function logsOf(failure: ApplicationFailure): { readonly logs?: string } {
  const { logs } = detailsOf(failure);
  return logs === undefined ? {} : { logs };
}

function causeOf<T extends Error>(error: unknown, kind: abstract new (...args: never[]) => T): T | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof kind) return cause;
  return undefined;
}
