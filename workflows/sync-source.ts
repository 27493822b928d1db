import { CancellationScope, ContinueAsNew, continueAsNew } from '@temporalio/workflow';
import type { Copy, Outcome, SourceRef, SyncPlan, SyncReport, Waited } from '../api/sync.ts';
import { listen } from './conversation.ts';
import type { Conversation } from './conversation.ts';
import { outcomeOf, shownResult } from './outcome.ts';
import { enter } from './phases.ts';
import { beginSync, closeSync, whileFrozen, whileMoving } from './steps.ts';

/** One synchronisation of one ReplicationSource, from due to reported. `waited`: it goes on after a very long wait. */
export async function syncSource(
  source: SourceRef,
  revision?: string, // Of its schedule: the controller compares it.
  waited?: Waited,
): Promise<SyncReport> {
  const conversation = listen(source, waited);
  let outcome: Outcome | undefined;
  try {
    const taken = await takeCopyOnceTriggered(source, conversation, waited);
    if (!('copy' in taken)) return await continueAsNew<typeof syncSource>(source, revision, taken);
    const { plan, copy } = taken;
    enter('Moving', { plan, copy: copy.times });
    const moved = await whileMoving(plan.limits).moveCopy(plan, copy);
    outcome = { result: 'Successful', plan, copy: copy.times, moved };
    return { copy: copy.times, moved };
  } catch (error) {
    outcome = error instanceof ContinueAsNew ? undefined : outcomeOf(error, source);
    throw error;
  } finally {
    // Whatever happened, cancelled too: the application is released, the status says so, nothing is left behind.
    if (outcome !== undefined) await close(source, outcome);
  }
}

// An edit of the source, or a trigger that was taken back, begins anew: what is copied is what was validated.
async function takeCopyOnceTriggered(
  source: SourceRef,
  conversation: Conversation,
  waited: Waited | undefined,
): Promise<{ plan: SyncPlan; copy: Copy } | Waited> {
  let startTime = waited?.startTime;
  for (;;) {
    enter('Beginning', {});
    const plan = await beginSync(source, startTime);
    startTime = plan.startTime;
    if (!(await conversation.triggerOrProceed(plan))) return { startTime };
    enter('Copying', { plan });
    const attempt = await whileFrozen(plan.limits).takeCopy(plan, conversation.proceeded());
    if (attempt.kind === 'taken') return { plan, copy: attempt.copy };
  }
}

async function close(source: SourceRef, outcome: Outcome): Promise<void> {
  await CancellationScope.nonCancellable(() => closeSync(source, outcome));
  enter('Closed', { result: shownResult(outcome) });
}
