// Images of a destination that are not, or no longer, its latest one: they go, unless somebody else owns or keeps them.
import type { VolumeSnapshot } from '../api/kubernetes.ts';
import type { ReplicationDestination } from '../api/replication-destination.ts';
import { latestSnapshot } from '../domain/destination-status.ts';
import { relinquished, superseded } from '../domain/destination-volume.ts';
import { ownerOfRun } from '../domain/ended-sync.ts';
import { ANNOTATIONS_OF_RUN } from '../domain/names.ts';
import { ownerOf } from '../domain/ownership.ts';
import { asRead } from '../domain/preconditions.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { isConflict, isNotFound } from '../kubernetes/kubernetes-error.ts';
import { refOf } from '../kubernetes/object-ref.ts';

/** Which of the snapshots in the destination's namespace nobody needs any more. */
export function supersededImages(
  snapshots: readonly VolumeSnapshot[],
  destination: ReplicationDestination,
): readonly VolumeSnapshot[] {
  return namedIn(snapshots, superseded(snapshots, ownerOf(destination), latestSnapshot(destination)).remove);
}

/**
 * Removes every image that is not the latest one. `destination` was read live: by an older status the image that is
 * the latest one by now would go.
 */
export async function removeSupersededImages(
  cluster: Cluster,
  destination: ReplicationDestination,
  signal: AbortSignal,
): Promise<void> {
  const owner = ownerOf(destination);
  await unlessChanged(async () => {
    const standing = await cluster.volumeSnapshots.list({ namespace: owner.namespace }, { signal });
    const { relinquish } = superseded(standing, owner, latestSnapshot(destination));
    for (const image of namedIn(standing, relinquish))
      await cluster.volumeSnapshots.patch(refOf(image), relinquished(image, owner), { signal });
    for (const image of supersededImages(standing, destination)) await remove(cluster, image, signal);
  });
}

/** Removes the image that a sync has begun and not ended with; does nothing for the sync of a source. */
export async function removeImagesOfRun(
  cluster: Cluster,
  { run, signal }: { readonly run: string; readonly signal: AbortSignal },
): Promise<void> {
  const owner = ownerOfRun(run);
  if (owner?.kind !== 'ReplicationDestination') return;
  const destination = await cluster.destinations.get(owner, { signal });
  if (destination === undefined) return;
  await unlessChanged(async () => {
    const standing = await cluster.volumeSnapshots.list({ namespace: owner.namespace }, { signal });
    const superfluous = supersededImages(standing, destination);
    for (const image of superfluous.filter((one) => isOfRun(one, run))) await remove(cluster, image, signal);
  });
}

const ATTEMPTS = 3;

// As it was read: somebody may have begun to use it. What changes each time is left for the next sync.
async function unlessChanged(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (isNotFound(error)) continue;
      if (!isConflict(error)) throw error;
      if (attempt === ATTEMPTS) return undefined;
    }
  }
}

async function remove(cluster: Cluster, image: VolumeSnapshot, signal: AbortSignal): Promise<void> {
  await cluster.volumeSnapshots.delete(refOf(image), asRead(image), { signal });
}

function namedIn(snapshots: readonly VolumeSnapshot[], names: readonly string[]): readonly VolumeSnapshot[] {
  return snapshots.filter(({ metadata }) => names.includes(metadata.name));
}

function isOfRun({ metadata }: VolumeSnapshot, run: string): boolean {
  return metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId] === run;
}
