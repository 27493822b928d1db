// Quiescing through Temporal: the task queue that a pvc names, and what is said with its worker
// (docs/quiesce-through-temporal.md).
import type { QuiesceAnswer, Quiesced } from '../api/quiesce.ts';
import { ANNOTATIONS } from './copy-trigger.ts';
import type { Annotations } from './copy-trigger.ts';
import { parseTime } from './time.ts';

const PREFIX = 'quiesce/';
// Temporal's own limit is 1000 characters.
const LONGEST = 250;

export type QuiesceQueue =
  | { readonly kind: 'none' }
  | { readonly kind: 'named'; readonly taskQueue: string }
  | { readonly kind: 'invalid'; readonly taskQueue: string };

/** A queue carries the namespace of its pvc in its name, so that nobody reaches into another tenant, or into our own queues. */
export function readQuiesceQueue(annotations: Annotations, namespace: string): QuiesceQueue {
  const taskQueue = annotations[ANNOTATIONS.quiesceTaskQueue];
  if (taskQueue === undefined) return { kind: 'none' };
  const begin = `${PREFIX}${namespace}/`;
  const rest = taskQueue.startsWith(begin) ? taskQueue.slice(begin.length) : '';
  const valid = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(rest) && taskQueue.length <= LONGEST;
  return { kind: valid ? 'named' : 'invalid', taskQueue };
}

/** Whether `by` in a window names a task queue, and not a person. */
export function isQuiesceQueue(by: string | undefined): boolean {
  return by?.startsWith(PREFIX) === true;
}

/** One call of `quiesce`, by the API server's clock: milliseconds since the epoch. */
export interface QuiesceCall {
  readonly taskQueue: string;
  readonly calledAt: number;
  readonly returnedAt: number;
  readonly releaseBy: number;
}

/** What a return of `quiesce` says. A time that cannot be read, or that lies outside of the call, counts as not given. */
export function readQuiesced(answer: QuiesceAnswer | null | undefined, call: QuiesceCall): Quiesced {
  const { taskQueue, calledAt, returnedAt, releaseBy } = call;
  const quiescedAt = parseTime(text(answer?.quiescedAt)) ?? returnedAt;
  const until = parseTime(text(answer?.releaseBy)) ?? releaseBy;
  return {
    by: taskQueue,
    reason: 'the application stands still',
    since: Math.min(returnedAt, Math.max(calledAt, quiescedAt)),
    standsStillUntil: Math.min(releaseBy, until),
  };
}

// The owner's worker may be written in any language, and return anything.
function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export interface QuiesceTimes {
  /** How long a worker may take to come for the call. */
  readonly pickUpMs: number;
  /** How long quiescing may take from the call on, all attempts together: the other half of the freeze is for the copy. */
  readonly answerMs: number;
}

const LONGEST_PICK_UP_MS = 30_000;

export function quiesceTimes(freezeBoundMs: number): QuiesceTimes {
  return { pickUpMs: Math.min(LONGEST_PICK_UP_MS, freezeBoundMs / 4), answerMs: freezeBoundMs / 2 };
}
