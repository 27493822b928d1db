// The wait for the application's owner. The watcher's signal is a nudge without payload: the activity that
// acts reads the pvc again and decides, so lost, doubled and late signals are harmless.
import { condition, defineSignal, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Proceed, SourceRef, SyncPlan, Waited } from '../api/sync.ts';
import { PROCEED, PVC_CHANGED } from '../domain/messages.ts';
import { enter } from './phases.ts';
import { reportOverdue } from './steps.ts';

export const pvcChanged = defineSignal(PVC_CHANGED);
export const proceed = defineUpdate<string, [Proceed]>(PROCEED);

export interface Conversation {
  /** Resolves with true when it is worth looking at the pvc: a trigger may stand there, or a person said to go on; with false after a very long silence. */
  triggerOrProceed(plan: SyncPlan): Promise<boolean>;
  /** The person's word, once given. */
  proceeded(): Proceed | undefined;
}

/** Sets up the handlers; called on the first lines of the workflow, so that no message is missed. */
export function listen(source: SourceRef, waited?: Waited): Conversation {
  let nudged = false;
  let waiting = false;
  let word: Proceed | undefined;
  let askedAt: number | undefined;
  let overdue = waited !== undefined;

  setHandler(pvcChanged, () => void (nudged = true), {
    description: `The PVC of ${source.namespace}/${source.name} changed: look at its annotations again. Harmless at any time.`,
  });
  setHandler(
    proceed,
    (said) => {
      word = said;
      return `${said.by} lets the sync of ${source.namespace}/${source.name} copy without a trigger`;
    },
    {
      validator: (said) => refuseUnless(waiting, said),
      description: 'Take the copy now, without a trigger. Input: {"by": "<your name>", "reason": "<why>"}',
    },
  );

  const spoken = () => nudged || word !== undefined;

  // By this sync's own stopwatch, however often it has to look at the pvc in between.
  async function untilOverdue(plan: SyncPlan): Promise<boolean> {
    enter('WaitingForTrigger', { plan });
    askedAt ??= Date.now();
    const left = Math.max(1, askedAt + plan.limits.overdueAfterMs - Date.now());
    if (await condition(spoken, left, { summary: 'the trigger is overdue after this' })) return true;
    overdue = true;
    enter('TriggerOverdue', { plan });
    return (await reportOverdue(plan)) || untilVeryLong(plan);
  }

  async function untilVeryLong({ limits: { continueAfterMs } }: SyncPlan): Promise<boolean> {
    if (continueAfterMs === undefined) return condition(spoken).then(() => true);
    return condition(spoken, continueAfterMs, { summary: 'the wait goes on as a new run after this' });
  }

  async function triggerOrProceed(plan: SyncPlan): Promise<boolean> {
    let heard = true;
    if (plan.gate.kind === 'asked' && !plan.gate.triggered) {
      if (!spoken() && workflowInfo().continueAsNewSuggested) return false;
      waiting = true;
      if (overdue) enter('TriggerOverdue', { plan });
      heard = await (overdue ? untilVeryLong(plan) : untilOverdue(plan));
      waiting = false;
    }
    nudged = false;
    return heard;
  }

  return { triggerOrProceed, proceeded: () => word };
}

function refuseUnless(waiting: boolean, said: Partial<Proceed> | undefined): void {
  if (!waiting) throw new Error('this sync is not waiting for a trigger: there is nothing to proceed with');
  if (isBlank(said?.by) || isBlank(said?.reason))
    throw new Error('say who proceeds and why: {"by": "<your name>", "reason": "<why>"}');
}

function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}
