// The application quiesced through Temporal: while the sync waits, the activity `quiesce` is called on the task queue
// that the pvc names, and its return is a word like a person's.
import { CancellationScope, rootCause, workflowInfo } from '@temporalio/workflow';
import { ActivityFailure, TimeoutFailure, TimeoutType } from '@temporalio/common';
import type { Quiesced } from '../api/quiesce.ts';
import type { SyncPlan } from '../api/sync.ts';
import { MARGIN_MS } from '../domain/copy-window.ts';
import { readQuiesced } from '../domain/quiesce-queue.ts';
import { wholeSeconds } from '../domain/time.ts';
import { quiesceOn } from './steps.ts';

/** Whether a worker has come for a call. A call that was cancelled before its return does not tell. */
export type Came = 'yes' | 'no' | 'perhaps';

/** The calls of one sync for one window. */
export interface Quiescence {
  readonly windowId: string;
  readonly taskQueue: string;
  /** What the owner's worker has said, once it has. */
  word(): Quiesced | undefined;
  /** The word is no longer worth anything: the worker lets go by itself about now. */
  expired(): boolean;
  /** Why the application cannot be quiesced, once that is so. */
  failure(): string | undefined;
  /** Calls no more, because the history has become too long: the sync goes on as a new run. */
  tired(): boolean;
  /** Calls no more; resolves when no call is under way. */
  stop(): Promise<Came>;
}

// A word that is used with less than this left would be refused.
const WORTH_MS = MARGIN_MS + 1_000;

/** Calls until a worker comes, each time with a deadline of its own. */
export function quiesceThrough(plan: Asked): Quiescence {
  const { gate, quiesce, limits } = plan;
  const begunAt = Date.now();
  // By the API server's clock, which the plan has read; the workflow's own is a stopwatch.
  const now = () => quiesce.now + (Date.now() - begunAt);
  let came: Came = 'no';
  let tired = false;
  let word: Quiesced | undefined;
  let failure: string | undefined;

  async function call(): Promise<Quiesced> {
    const calledAt = now();
    const releaseBy = calledAt + limits.freezeBoundMs;
    const until = { releaseBy: wholeSeconds(releaseBy), freezeBoundMs: limits.freezeBoundMs };
    const answer = await quiesceOn(plan)({ ...calledFor(plan), ...until });
    return readQuiesced(answer, {
      taskQueue: quiesce.taskQueue,
      calledAt,
      returnedAt: now(),
      releaseBy: Date.parse(until.releaseBy),
    });
  }

  async function callUntilSomebodyComes(): Promise<void> {
    while (!tired && word === undefined) {
      try {
        word = await call();
        came = 'yes';
      } catch (error) {
        if (!nobodyCame(error)) throw error;
        tired = workflowInfo().continueAsNewSuggested;
      }
    }
  }

  const scope = new CancellationScope();
  const calling = scope.run(callUntilSomebodyComes).catch((error: unknown) => {
    came = scope.consideredCancelled ? 'perhaps' : 'yes';
    if (!scope.consideredCancelled) failure = rootCause(error) ?? 'it ended without a reason';
  });

  return {
    windowId: gate.windowId,
    taskQueue: quiesce.taskQueue,
    word: () => word,
    expired: () => word !== undefined && now() >= word.standsStillUntil - WORTH_MS,
    failure: () => failure,
    tired: () => tired,
    async stop() {
      scope.cancel();
      await calling;
      return came;
    },
  };
}

/** A plan of a sync that has asked, and whose pvc names a task queue. */
export type Asked = SyncPlan & {
  readonly gate: { readonly kind: 'asked' };
  readonly quiesce: NonNullable<SyncPlan['quiesce']>;
};

export function isAsked(plan: SyncPlan): plan is Asked {
  return plan.gate.kind === 'asked' && plan.quiesce !== undefined;
}

/** Whom and what for. */
export function calledFor({ source, pvc, gate }: Asked) {
  const { namespace, name } = source;
  return {
    window: gate.windowId,
    sync: workflowInfo().workflowId,
    source: { namespace, name },
    pvc: { namespace, name: pvc.name },
  };
}

function nobodyCame(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  const { cause } = error;
  return cause instanceof TimeoutFailure && cause.timeoutType === TimeoutType.SCHEDULE_TO_START;
}
