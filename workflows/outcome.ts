// How a sync ended, read from what it threw: the reason and sentence of the failure that started it.
import { ApplicationFailure, isCancellation, rootCause } from '@temporalio/workflow';
import { TimeoutFailure } from '@temporalio/common';
import type { Outcome, SourceRef } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';

export function outcomeOf(error: unknown, source: SourceRef): Outcome {
  const name = `${source.namespace}/${source.name}`;
  if (isCancellation(error)) {
    const { reason, message } = failures.cancelled(name);
    return { result: 'Cancelled', reason, message };
  }
  const failure = causeOf(error, ApplicationFailure);
  if (failure !== undefined)
    return { result: 'Failed', reason: failure.type ?? 'Error', message: failure.message };
  const reason = causeOf(error, TimeoutFailure) === undefined ? 'Error' : 'Timeout';
  return {
    result: 'Failed',
    reason,
    message: rootCause(error) ?? `The sync of ${name} ended without a reason`,
  };
}

function causeOf<T extends Error>(error: unknown, kind: abstract new (...args: never[]) => T): T | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof kind) return cause;
  return undefined;
}
