// Whatever goes wrong in the demo is one sentence for the person who started it.
import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure } from '@temporalio/common';
import type { Temporal } from '../../client/temporal.ts';

/** The demo cannot go on, for a reason that the person at the terminal can read. */
export class DemoError extends Error {}

export interface Expectation {
  /** What has not happened when the time is over: `The sync has not asked the application`. */
  readonly otherwise: string;
  readonly seconds: number;
  /** Aborted with a DemoError when the sync has failed: nothing more is to be expected then. */
  readonly failed: AbortSignal;
}

/** Waits for something that must happen soon. */
export async function expectSoon<T>(
  happening: Promise<T>,
  { otherwise, seconds, failed }: Expectation,
): Promise<T> {
  const { promise: never, reject } = Promise.withResolvers<never>();
  const fail = () => reject(failed.reason);
  const timer = setTimeout(
    () => reject(new DemoError(`${otherwise} within ${seconds} seconds.`)),
    seconds * 1000,
  );
  failed.addEventListener('abort', fail, { once: true });
  if (failed.aborted) fail();
  try {
    return await Promise.race([happening, never]);
  } finally {
    clearTimeout(timer);
    failed.removeEventListener('abort', fail);
  }
}

/** What Temporal says about a sync that does not get on: the last failure of the step that it is in. */
export async function whyStuck({ client }: Temporal, workflowId: string): Promise<string | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const failing = (raw.pendingActivities ?? []).find(({ lastFailure }) => lastFailure?.message);
  return (
    failing && `${failing.activityType?.name}, attempt ${failing.attempt}: ${failing.lastFailure?.message}`
  );
}

/** Temporal's own messages say only that a workflow or an activity failed; what lies below says why. */
export function sentenceOf(error: unknown): string {
  const wrapped = error instanceof WorkflowFailedError || error instanceof ActivityFailure;
  if (wrapped && error.cause !== undefined) return sentenceOf(error.cause);
  const text = (error instanceof Error ? error.message : String(error)).trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
