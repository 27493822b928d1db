import { CancellationScope, ContinueAsNew, continueAsNew } from '@temporalio/workflow';
import type { Copy, Outcome, SourceRef, SyncPlan, SyncReport, SyncSkipped, Waited } from '../api/sync.ts';
import { listen } from './conversation.ts';
import type { Conversation } from './conversation.ts';
import { outcomeOf, shownResult, triggerOverdue } from './outcome.ts';
import { enter } from './phases.ts';
import { beginSync, closeSync, whileFrozen, whileMoving } from './steps.ts';

/** One synchronisation of one ReplicationSource, from due to reported. `waited`: it goes on after a very long wait. */
export async function syncSource(
  source: SourceRef,
  revision?: string, // Of its schedule: the controller compares it.
  waited?: Waited,
): Promise<SyncReport | SyncSkipped> {
  const conversation = listen(source, waited);
  let outcome: Outcome | undefined;
  try {
    const taken = await takeCopyOnceTriggered(source, conversation, waited);
    if (!('copy' in taken)) return await continueAsNew<typeof syncSource>(source, revision, taken);
    const { plan, copy } = taken;
    conversation.copyTaken(copy);
    enter('Moving', { plan, copy: copy.times });
    const moved = await whileMoving(plan.limits).moveCopy(plan, copy);
    outcome = { result: 'Successful', plan, copy: copy.times, moved };
    return { copy: copy.times, moved };
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    outcome = conversation.endingWith(outcomeOf(error, source));
    if (outcome.result === 'Skipped') return { skipped: outcome.message };
    throw error;
  } finally {
    // Whatever happened, cancelled too: the application is released, the status says so, nothing is left behind.
    if (outcome !== undefined) await close(source, outcome, conversation);
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
    const heard = await conversation.triggerOrProceed(plan);
    if (heard === 'silence') return conversation.waited(plan);
    enter('Copying', { plan });
    const attempt = await whileFrozen(plan.limits).takeCopy(plan, conversation.word(plan));
    if (attempt.kind === 'taken') return { plan, copy: attempt.copy };
    if (heard === 'tooLate') return takeCopyUntriggered(plan, conversation);
  }
}

// What becomes of a sync whose trigger does not come, the source says.
async function takeCopyUntriggered(
  plan: SyncPlan,
  { worker }: Conversation,
): Promise<{ plan: SyncPlan; copy: Copy }> {
  const overdue = triggerOverdue(plan);
  if (plan.limits.overduePolicy !== 'copy') throw overdue;
  await worker.leave(plan.source, { reason: overdue.type ?? '', message: overdue.message });
  const unasked: SyncPlan = { ...plan, gate: { kind: 'open', overdue: true } };
  const attempt = await whileFrozen(plan.limits).takeCopy(unasked);
  if (attempt.kind === 'notYet') throw overdue;
  return { plan: unasked, copy: attempt.copy };
}

// An owner's worker lets its application go before anything slow.
async function close(source: SourceRef, outcome: Outcome, { worker }: Conversation): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    if (outcome.result !== 'Successful') await worker.leave(source, outcome);
    const notUnquiesced = await worker.told();
    const ended = notUnquiesced === undefined ? outcome : { ...outcome, notUnquiesced };
    const closed = await closeSync(source, ended);
    // The latter is absent in histories of earlier versions.
    const copy = outcome.copy ?? closed;
    enter('Closed', { result: shownResult(outcome), ...(copy && { copy }) });
  });
}
