// The PVC that the mover reads: restored from the snapshot once that is ready, the clone, or the pvc itself.
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Copy, SyncPlan } from '../api/sync.ts';
import { isOurCopy, likenessOf, restoredFrom } from '../domain/copy.ts';
import { failures } from '../domain/failures.ts';
import { LABELS } from '../domain/names.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { getOrCreate, orderOf, standingPvc } from './copy-object.ts';
import { readySnapshot } from './ready-snapshot.ts';

export interface Reading {
  readonly plan: SyncPlan;
  readonly copy: Copy;
  readonly run: string;
  readonly signal: AbortSignal;
}

export async function readableCopy(context: SyncContext, reading: Reading): Promise<PersistentVolumeClaim> {
  const { plan, copy, run, signal } = reading;
  const { cluster } = context;
  const ref = { namespace: plan.source.namespace, name: copy.name };
  if (plan.copyMethod !== 'Snapshot') {
    const pvc = cluster.pvcs.watch().get(ref) ?? (await cluster.pvcs.get(ref, { signal }));
    if (pvc === undefined) throw refusal(failures.snapshotLost(copy.name, 'it was deleted'));
    return pvc;
  }
  const snapshot = await readySnapshot(context, ref, signal);
  const pvcRef = { namespace: plan.source.namespace, name: plan.pvc.name };
  // The pvc may be gone by now: its data is in the snapshot. (A plan of an earlier version does not say what it was like.)
  const like = plan.pvc.like ?? likenessOf(await standingPvc({ context, plan, pvc: pvcRef, signal }));
  const windowId = snapshot.metadata.labels?.[LABELS.copyWindow];
  const order = orderOf(plan, {
    run,
    name: copy.name,
    pvc: { name: plan.pvc.name, ...like },
    consistency: copy.times.consistency,
    ...(windowId !== undefined && { windowId }),
  });
  return getOrCreate(cluster.pvcs, restoredFrom(order, snapshot), {
    isOurs: (found) => isOurCopy(found, order),
    signal,
  });
}
