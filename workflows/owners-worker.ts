// The worker of the application's owner, where the pvc names its task queue: called while the sync waits, and told how it
// ended as soon as the window is over for everybody. Without such a queue nothing here does anything.
import { CancellationScope, rootCause } from '@temporalio/workflow';
import type { Quiesced, UnquiesceInput } from '../api/quiesce.ts';
import type { Copy, SourceRef, SyncPlan, Unsuccessful } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';
import { isQuiesceQueue } from '../domain/quiesce-queue.ts';
import { calledFor, isAsked, quiesceThrough } from './quiescence.ts';
import type { Asked, Came, Quiescence } from './quiescence.ts';
import { leaveFreezeWithin, unquiesceOn } from './steps.ts';

export interface OwnersWorker {
  /** Has the application quiesced, unless that is under way. */
  call(plan: SyncPlan): Promise<void>;
  /** The latest call, with what came of it. */
  called(): Quiescence | undefined;
  /** Its word, as far as it is about the window of this plan. */
  word(plan: SyncPlan): Quiesced | undefined;
  /** Every copy of the window is cut: it is told at once, and not waited for. */
  copyTaken(copy: Copy): void;
  /** The sync leaves the window without a copy; others may need the freeze still. */
  leave(source: SourceRef, failure: Told): Promise<void>;
  /** Resolves when it was told all there is to tell, with what could not be told. */
  told(): Promise<string | undefined>;
}

/** What the pvc is told of it. */
export type Told = Pick<Unsuccessful, 'reason' | 'message'>;

type Result = UnquiesceInput['result'];

interface Ending {
  readonly came: Exclude<Came, 'no'>;
  readonly result: Result;
}

export function ownersWorker(): OwnersWorker {
  let asked: Asked | undefined;
  let current: Quiescence | undefined;
  let telling = Promise.resolve();
  let untold: string | undefined;

  async function call(plan: SyncPlan): Promise<void> {
    if (current !== undefined && isFor(current, plan) && !current.expired()) return;
    // An expired word is renewed: whoever else copies in the window still needs what stands behind it.
    if (current !== undefined && !isFor(current, plan)) await letGo('Failed');
    current = undefined;
    if (!isAsked(plan)) return;
    asked = plan;
    if (!plan.gate.triggered) current = quiesceThrough(plan);
  }

  // Once for each window: whoever was told need not be told again when the mover fails later.
  function letGo(result: Result, frozenBy?: string): Promise<void> {
    const [plan, call] = [asked, current];
    [asked, current] = [undefined, undefined];
    if (plan === undefined) return Promise.resolve();
    return CancellationScope.nonCancellable(async () => {
      const ended = end(call);
      const came = typeof ended === 'string' ? ended : await ended;
      if (call !== undefined && came !== 'no') await tell(plan, call.taskQueue, { came, result });
      // Frozen by the word that another sync had got, perhaps from another queue.
      const told = came === 'no' ? undefined : call?.taskQueue;
      if (frozenBy !== undefined && frozenBy !== told) await tell(plan, frozenBy, { came: 'yes', result });
    });
  }

  async function tell(plan: Asked, taskQueue: string, { came, result }: Ending): Promise<void> {
    try {
      await unquiesceOn(taskQueue, plan.limits, came)({ ...calledFor(plan), result });
    } catch (error) {
      if (came === 'yes')
        untold = failures.unquiesceFailed(taskQueue, rootCause(error) ?? 'no reason').message;
    }
  }

  async function leave(source: SourceRef, failure: Told): Promise<void> {
    if (asked === undefined) return;
    const { gate, limits } = asked;
    const leaving = leaveFreezeWithin(limits)(source, failure, gate.windowId);
    const left = await leaving.catch(() => undefined);
    if (left?.othersLeft === true) await current?.stop();
    else await letGo('Failed', left?.taskQueue);
  }

  return {
    call,
    called: () => current,
    word: (plan) => (current !== undefined && isFor(current, plan) ? current.word() : undefined),
    copyTaken({ times: { by } }) {
      if (asked !== undefined) telling = letGo('Completed', isQuiesceQueue(by) ? by : undefined);
    },
    leave,
    async told() {
      await telling;
      return untold;
    },
  };
}

// A call that has returned is over: nothing is waited for before the application may go on.
function end(call: Quiescence | undefined): Came | Promise<Came> {
  if (call === undefined) return 'no';
  return call.word() === undefined ? call.stop() : 'yes';
}

function isFor({ windowId, taskQueue }: Quiescence, plan: SyncPlan): boolean {
  return isAsked(plan) && plan.gate.windowId === windowId && plan.quiesce.taskQueue === taskQueue;
}
