// Waits until a snapshot that is cut can be restored from. The application runs by then, so there is time; but a copy
// that the storage has lost is given up, for the next sync to take another.
import type { ObjectRef, VolumeSnapshot } from '../api/kubernetes.ts';
import { failures } from '../domain/failures.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { after } from './watching.ts';

type Seen = VolumeSnapshot | 'deleted' | 'failing';

/** Resolves with the snapshot once it is ready; throws SnapshotLost when it is gone or its error stands for too long. */
export async function readySnapshot(
  context: SyncContext,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<VolumeSnapshot> {
  const snapshots = context.cluster.volumeSnapshots;
  for (;;) {
    const seen = await snapshots.watch().waitFor(ref, seenIn, signal);
    if (seen === 'failing') await recovers(context, ref, signal);
    else if (seen !== 'deleted') return seen;
    // The watch of this worker may not show yet what another one has created.
    else if ((await snapshots.get(ref, { signal })) === undefined)
      throw refusal(failures.snapshotLost(ref.name, 'it was deleted'));
    else await snapshots.watch().waitFor(ref, (found) => found && true, signal);
  }
}

function seenIn(found: VolumeSnapshot | undefined): Seen | undefined {
  if (found === undefined) return 'deleted';
  if (found.status?.readyToUse === true) return found;
  return found.status?.error === undefined ? undefined : 'failing';
}

// VolumeSnapshot.status.error is not final: its controller tries again, and the error goes when that succeeds.
async function recovers({ cluster, settings }: SyncContext, ref: ObjectRef, signal: AbortSignal) {
  const watch = cluster.volumeSnapshots.watch();
  const otherwise = (found: VolumeSnapshot | undefined) => (seenIn(found) === 'failing' ? undefined : true);
  const patience = after(settings.readyPatienceMs);
  try {
    await watch.waitFor(ref, otherwise, AbortSignal.any([signal, patience]));
  } catch (error) {
    if (!patience.aborted || signal.aborted) throw error;
    const message = watch.get(ref)?.status?.error?.message ?? 'it does not become ready';
    throw refusal(failures.snapshotLost(ref.name, message));
  }
}
