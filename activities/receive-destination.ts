// receive: the mover fills the destination's PVC. One to which a source connects waits for it as long as that takes.
import type { Moved, ReceivePlan } from '../api/sync.ts';
import { asDestination } from '../domain/ownership.ts';
import type { SyncContext } from './context.ts';
import { receivingPvc } from './destination-pvc.ts';
import { moverTask } from './mover-task.ts';
import { runMover } from './run-mover.ts';

/** Safe to call again after a worker died: it finds its own Job. */
export async function receive(context: SyncContext, plan: ReceivePlan): Promise<Moved> {
  const task = moverTask(asDestination(plan.destination), plan);
  return runMover(context, task, (signal) => receivingPvc(context, plan, signal));
}
