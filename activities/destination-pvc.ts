// The PVC that receives the data: made once where the owner names none, and kept in step with the destination.
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Owner, ReceivePlan } from '../api/sync.ts';
import type { DestinationVolume } from '../domain/destination-plan.ts';
import { destinationPvc, destinationPvcPatch, isOf } from '../domain/destination-volume.ts';
import { failures } from '../domain/failures.ts';
import { SECTIONS } from '../domain/plan.ts';
import { uidOf } from '../domain/preconditions.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { getOrCreate, orRefusal } from './copy-object.ts';
import { until } from './watching.ts';

type Dynamic = DestinationVolume & { readonly kind: 'dynamic' };

/** The PVC of an earlier sync, as large as the destination says by now, or a new one. */
export async function ensureDestinationPvc(
  context: SyncContext,
  owner: Owner,
  { volume, signal }: { readonly volume: Dynamic; readonly signal: AbortSignal },
): Promise<PersistentVolumeClaim> {
  const { pvcs } = context.cluster;
  const wanted = destinationPvc(owner, volume);
  await goneIfGoing(context, wanted, signal);
  const found = await getOrCreate(pvcs, wanted, { isOurs: (pvc) => isOf(owner, pvc), signal });
  const patch = destinationPvcPatch(found, wanted);
  if (patch === undefined) return found;
  const metadata = { ...(patch['metadata'] as object | undefined), ...uidOf(found) };
  try {
    return await pvcs.patch(refOf(found), { ...patch, metadata }, { signal });
  } catch (error) {
    throw orRefusal(error, wanted);
  }
}

// That of an earlier sync may still be on its way out (cleanupTempPVC).
async function goneIfGoing(
  { cluster }: SyncContext,
  { metadata }: PersistentVolumeClaim,
  signal: AbortSignal,
) {
  const watch = cluster.pvcs.watch();
  const ref = { namespace: metadata.namespace ?? '', name: metadata.name };
  const look = () => (watch.get(ref)?.metadata.deletionTimestamp === undefined ? true : undefined);
  await until([watch], look, signal);
}

/** The PVC that this run began with; one that was created anew under its name is another. */
export async function receivingPvc(
  { cluster }: SyncContext,
  { destination, pvc, mover }: ReceivePlan,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const ref = { namespace: destination.namespace, name: pvc.name };
  const watched = cluster.pvcs.watch().get(ref);
  const found = watched?.metadata.uid === pvc.uid ? watched : await cluster.pvcs.get(ref, { signal });
  if (found?.metadata.uid === pvc.uid) return found;
  const field = `spec.${SECTIONS[mover]}.destinationPVC`;
  throw refusal(failures.objectMissing(`PersistentVolumeClaim ${ref.namespace}/${ref.name}`, field));
}
