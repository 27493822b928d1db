import { CancellationScope } from '@temporalio/workflow';
import type { Copy, Outcome, SourceRef, SyncPlan, SyncReport } from '../api/sync.ts';
import { listen } from './conversation.ts';
import type { Conversation } from './conversation.ts';
import { outcomeOf } from './outcome.ts';
import { enter } from './phases.ts';
import { beginSync, closeSync, whileFrozen, whileMoving } from './steps.ts';

/** One synchronisation of one ReplicationSource, from due to reported. */
export async function syncSource(source: SourceRef): Promise<SyncReport> {
  const conversation = listen(source);
  let outcome: Outcome | undefined;
  try {
    const { plan, copy } = await takeCopyOnceTriggered(source, conversation);
    enter('Moving', { plan, copy: copy.times });
    const moved = await whileMoving(plan.limits).moveCopy(plan, copy);
    outcome = { result: 'Successful', plan, copy: copy.times, moved };
    return { copy: copy.times, moved };
  } catch (error) {
    outcome = outcomeOf(error, source);
    throw error;
  } finally {
    // Whatever happened, cancelled too: the application is released, the status says so, nothing is left behind.
    const ended = outcome ?? outcomeOf(undefined, source);
    await CancellationScope.nonCancellable(() => closeSync(source, ended));
    enter('Closed', { result: ended.result });
  }
}

// An edit of the source, or a trigger that was taken back, begins anew: what is copied is what was validated.
async function takeCopyOnceTriggered(
  source: SourceRef,
  conversation: Conversation,
): Promise<{ plan: SyncPlan; copy: Copy }> {
  let plan: SyncPlan | undefined;
  for (;;) {
    enter('Beginning', {});
    plan = await beginSync(source, plan);
    await conversation.triggerOrProceed(plan);
    enter('Copying', { plan });
    const attempt = await whileFrozen(plan.limits).takeCopy(plan, conversation.proceeded());
    if (attempt.kind === 'taken') return { plan, copy: attempt.copy };
  }
}
