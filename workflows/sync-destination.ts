import { CancellationScope } from '@temporalio/workflow';
import type { ReceiveOutcome, ReceiveReport, SourceRef } from '../api/sync.ts';
import { outcomeOf, shownResult } from './outcome.ts';
import { enter } from './phases.ts';
import { beginDestination, closeDestination, takeImage, whileReceiving } from './steps.ts';

/** One synchronisation of one ReplicationDestination, from due to reported. */
export async function syncDestination(
  destination: SourceRef,
  _revision?: string, // Of its schedule: the controller compares it.
): Promise<ReceiveReport> {
  let outcome: ReceiveOutcome | undefined;
  try {
    enter('Beginning', {});
    const plan = await beginDestination(destination);
    enter('Receiving', { plan });
    const moved = await whileReceiving(plan.limits).receive(plan);
    enter('TakingImage', { plan });
    const image = await takeImage(plan, Date.now());
    outcome = { result: 'Successful', plan, image, moved };
    return { image, moved };
  } catch (error) {
    outcome = outcomeOf(error, destination);
    throw error;
  } finally {
    // Whatever happened, cancelled too: the status says so, and nothing is left behind but the latest image.
    if (outcome !== undefined) await close(destination, outcome);
  }
}

async function close(destination: SourceRef, outcome: ReceiveOutcome): Promise<void> {
  await CancellationScope.nonCancellable(() => closeDestination(destination, outcome));
  enter('Closed', { result: shownResult(outcome) });
}
