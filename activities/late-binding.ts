// A clone of a class that waits for its first consumer is made only when a pod asks for it: the mover's Job is
// started inside the copy step then, and `moveCopy` finds it.
import type { Consistency } from '../api/sync.ts';
import type { Taking } from './context.ts';
import { volumeOptionsOf } from './copy-object.ts';
import { sourceTask } from './mover-task.ts';
import { readableCopy } from './readable-copy.ts';
import { startMover } from './start-mover.ts';

/** Gives a late-binding clone its consumer; does nothing for any other copy. */
export async function consumeLateBinding(
  taking: Taking,
  name: string,
  consistency: Consistency,
): Promise<void> {
  const { context, plan, run, signal } = taking;
  if (plan.copyMethod !== 'Clone' || !(await bindsLate(taking))) return;
  const copy = { name, times: { consistency } };
  const data = () => readableCopy(context, { plan, copy, run, signal });
  await startMover(context, { task: sourceTask(plan, copy), run, signal, data });
}

async function bindsLate({ context, plan, pvc, signal }: Taking): Promise<boolean> {
  const { pvcs, storageClasses } = context.cluster;
  const name = volumeOptionsOf(plan).storageClassName ?? pvcs.watch().get(pvc)?.spec?.storageClassName;
  if (name === undefined) return false;
  const found = await storageClasses.get({ namespace: '', name }, { signal });
  return found?.volumeBindingMode === 'WaitForFirstConsumer';
}
