// begin: read the destination and all it names, refuse what cannot work, then make what receives: the PVC, and the
// Service at which a sender connects.
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { ReceivePlan, SourceRef } from '../api/sync.ts';
import { syncStarted } from '../domain/sync-status.ts';
import { wholeSeconds } from '../domain/time.ts';
import { attended } from './context.ts';
import type { SyncContext } from './context.ts';
import { readDestinationInput } from './destination-input.ts';
import type { DestinationInput } from './destination-input.ts';
import { ensureDestinationPvc } from './destination-pvc.ts';
import { publishConnection } from './destination-service.ts';
import { patchStatusOf } from './owner.ts';

/** Validates, says that the sync has begun, and returns the plan of this run. */
export async function beginDestination(context: SyncContext, ref: SourceRef): Promise<ReceivePlan> {
  const { cluster } = context;
  const startTime = wholeSeconds(cluster.now());
  return attended(async ({ signal, note }) => {
    const input = await readDestinationInput(context, ref, signal);
    const destination = await patchStatusOf(
      cluster.destinations,
      input.destination,
      syncStarted(input.destination, startTime),
    );
    const pvc = await pvcOf(context, input, signal);
    await publishConnection(context, { ...input, destination, signal, note });
    return planOf(ref, input, { pvc, startTime });
  });
}

async function pvcOf(
  context: SyncContext,
  { owner, plan: { volume }, given }: DestinationInput,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim | undefined> {
  return volume.kind === 'given' ? given : ensureDestinationPvc(context, owner, { volume, signal });
}

function planOf(
  ref: SourceRef,
  { destination, plan, secretKeys, privileged }: DestinationInput,
  { pvc, startTime }: { pvc: PersistentVolumeClaim | undefined; startTime: string },
): ReceivePlan {
  const { mover, copyMethod, volumeSnapshotClassName, limits, volume } = plan;
  return {
    destination: ref,
    pvc: { name: volume.name, uid: pvc?.metadata.uid ?? '' },
    mover,
    copyMethod,
    ...(volumeSnapshotClassName !== undefined && { volumeSnapshotClassName }),
    startTime,
    limits,
    spec: destination.spec ?? {},
    secretKeys,
    privileged,
  };
}
