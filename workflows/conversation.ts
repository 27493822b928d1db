// The wait for the application's owner. The watcher's signal is a nudge without payload: the activity that
// acts reads the pvc again and decides, so lost, doubled and late signals are harmless.
import { condition, workflowInfo } from '@temporalio/workflow';
import type { Quiesced } from '../api/quiesce.ts';
import type { Copy, CopyTimes, Proceed, SourceRef, SyncPlan, Unsuccessful, Waited } from '../api/sync.ts';
import { patienceWith } from '../domain/patience.ts';
import { hear } from './hearing.ts';
import type { MessagesHeard } from './hearing.ts';
import { enter } from './phases.ts';
import { notQuiesced } from './outcome.ts';
import { ownersWorker } from './owners-worker.ts';
import type { OwnersWorker } from './owners-worker.ts';
import { reportOverdue } from './steps.ts';

/** `something`: it is worth looking at the pvc, a trigger may stand there, or somebody said to go on. `silence`: for very long. `tooLate`: the wait is over by the source's own settings. */
export type Heard = 'something' | 'silence' | 'tooLate';

export interface Conversation {
  triggerOrProceed(plan: SyncPlan): Promise<Heard>;
  /** What was said beside the pvc: a person's word, or that of the owner's worker, once given. */
  word(plan: SyncPlan): Proceed | Quiesced | undefined;
  /** The application is released, and its owner's worker is told so. */
  copyTaken(copy: Copy): void;
  /** What a run that goes on after a silence has to know. */
  waited(plan: SyncPlan): Waited;
  /** The end of this sync, with how far the conversation had come. */
  endingWith(outcome: Unsuccessful): Unsuccessful;
  readonly worker: OwnersWorker;
}

/** Sets up the handlers; called on the first lines of the workflow, so that no message is missed. */
export function listen(source: SourceRef, waited?: Waited): Conversation {
  const wait: Wait = {
    heard: hear(source),
    worker: ownersWorker(),
    askedAt: waited?.askedAt,
    overdue: waited !== undefined,
  };
  const { heard, worker } = wait;
  let latest: SyncPlan | undefined;
  let taken: CopyTimes | undefined;

  async function triggerOrProceed(plan: SyncPlan): Promise<Heard> {
    latest = plan;
    const what = await untilHeard(wait, plan);
    if (what === 'silence') await worker.called()?.stop();
    heard.nudged = false;
    return what;
  }

  function waitedFor({ startTime, limits }: SyncPlan): Waited {
    const { askedAt } = wait;
    return limits.waitDeadlineMs === undefined || askedAt === undefined
      ? { startTime }
      : { startTime, askedAt };
  }

  function endingWith(outcome: Unsuccessful): Unsuccessful {
    const since = worker.called()?.word()?.since;
    const held = since === undefined ? {} : { quiescedSince: since };
    const come = { ...held, ...(taken !== undefined && { copy: taken }) };
    return latest === undefined ? outcome : { ...outcome, plan: latest, ...come };
  }

  function copyTaken(copy: Copy): void {
    taken = copy.times;
    worker.copyTaken(copy);
  }

  const word = (plan: SyncPlan) => heard.word ?? worker.word(plan);
  return { triggerOrProceed, word, copyTaken, waited: waitedFor, endingWith, worker };
}

/** One sync's wait, however often it has to look at the pvc in between. */
interface Wait {
  readonly heard: MessagesHeard;
  readonly worker: OwnersWorker;
  /** When it first asked, by its own stopwatch. */
  askedAt: number | undefined;
  overdue: boolean;
}

async function untilHeard(wait: Wait, plan: SyncPlan): Promise<Heard> {
  const waits = plan.gate.kind === 'asked' && !plan.gate.triggered;
  if (waits && !spoken(wait) && workflowInfo().continueAsNewSuggested) return 'silence';
  await wait.worker.call(plan);
  if (!waits) return 'something';
  wait.heard.waiting = true;
  const what = await (wait.overdue ? onceOverdue(wait, plan) : untilOverdue(wait, plan));
  wait.heard.waiting = false;
  refuseUnquiesced(wait);
  const tired = wait.worker.called()?.tired() === true && !spoken(wait);
  return tired ? 'silence' : what;
}

// A person's word does without the owner's worker.
function refuseUnquiesced({ heard, worker }: Wait): void {
  const call = worker.called();
  const failure = call?.failure();
  if (call !== undefined && failure !== undefined && heard.word === undefined)
    throw notQuiesced(call.taskQueue, failure);
}

async function untilOverdue(wait: Wait, plan: SyncPlan): Promise<Heard> {
  enter('WaitingForTrigger', { plan });
  wait.askedAt ??= Date.now();
  const left = Math.max(1, wait.askedAt + plan.limits.overdueAfterMs - Date.now());
  const summary = 'the trigger is overdue after this';
  if (await condition(() => stirred(wait), left, { summary })) return 'something';
  wait.overdue = true;
  enter('TriggerOverdue', { plan });
  return (await reportOverdue(plan)) ? 'something' : untilVeryLong(wait, plan);
}

function onceOverdue(wait: Wait, plan: SyncPlan): Promise<Heard> {
  enter('TriggerOverdue', { plan });
  return untilVeryLong(wait, plan);
}

async function untilVeryLong(wait: Wait, { limits }: SyncPlan): Promise<Heard> {
  const { askedAt = Date.now() } = wait;
  const { forMs, next } = patienceWith(limits, Date.now() - askedAt);
  if (forMs === undefined) return condition(() => stirred(wait)).then(() => 'something');
  if (forMs === 0) return next;
  return (await condition(() => stirred(wait), forMs, { summary: SUMMARIES[next] })) ? 'something' : next;
}

const SUMMARIES = {
  tooLate: 'the wait is over after this',
  silence: 'the wait goes on as a new run after this',
} as const;

function spoken({ heard, worker }: Wait): boolean {
  return heard.nudged || heard.word !== undefined || worker.called()?.word() !== undefined;
}

function stirred(wait: Wait): boolean {
  const call = wait.worker.called();
  return spoken(wait) || call?.tired() === true || call?.failure() !== undefined;
}
