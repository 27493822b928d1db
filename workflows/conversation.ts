// The wait for the application's owner. The watcher's signal is a nudge without payload: the activity that
// acts reads the pvc again and decides, so lost, doubled and late signals are harmless.
import { condition, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { Proceed, SourceRef, SyncPlan } from '../api/sync.ts';
import { PROCEED, PVC_CHANGED } from '../domain/messages.ts';
import { enter } from './phases.ts';
import { reportOverdue } from './steps.ts';

export const pvcChanged = defineSignal(PVC_CHANGED);
export const proceed = defineUpdate<string, [Proceed]>(PROCEED);

export interface Conversation {
  /** Resolves when it is worth looking at the pvc: a trigger may stand there, or a person said to go on. */
  triggerOrProceed(plan: SyncPlan): Promise<void>;
  /** The person's word, once given. */
  proceeded(): Proceed | undefined;
}

/** Sets up the handlers; called on the first lines of the workflow, so that no message is missed. */
export function listen(source: SourceRef): Conversation {
  let nudged = false;
  let waiting = false;
  let word: Proceed | undefined;

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

  async function triggerOrProceed(plan: SyncPlan): Promise<void> {
    const spoken = () => nudged || word !== undefined;
    if (plan.gate.kind === 'asked' && !plan.gate.triggered) {
      waiting = true;
      enter('WaitingForTrigger', { plan });
      const inTime = await condition(spoken, plan.limits.overdueAfterMs, {
        summary: 'the trigger is overdue after this',
      });
      if (!inTime) {
        enter('TriggerOverdue', { plan });
        if (!(await reportOverdue(plan))) await condition(spoken);
      }
      waiting = false;
    }
    nudged = false;
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
