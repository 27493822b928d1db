// move: wait until the copy can be read, and have the mover carry it away.
import type { Copy, Moved, SyncPlan } from '../api/sync.ts';
import { currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { readableCopy } from './readable-copy.ts';
import { runMover } from './run-mover.ts';
import { sourceTask } from './mover-task.ts';

/** Moves the copy's data away; safe to call again after a worker died: it finds its own Job. */
export async function moveCopy(context: SyncContext, plan: SyncPlan, copy: Copy): Promise<Moved> {
  const { run } = currentRun();
  return runMover(context, sourceTask(plan, copy), (signal) =>
    readableCopy(context, { plan, copy, run, signal }),
  );
}
