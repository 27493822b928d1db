// Removes what a run made, by its label: Job first, so that its pod lets go of the volumes. An object that
// carries `volsync.backube/do-not-delete` is let go of instead (VolSync).
import type { KubernetesObject, ObjectRef } from '../api/kubernetes.ts';
import { crc32, LABELS } from '../domain/names.ts';
import type { Resource } from '../kubernetes/cluster.ts';
import type { SyncContext } from './context.ts';
import { after, until } from './watching.ts';

export interface RunObjects {
  readonly namespace: string;
  readonly run: string;
  /** List live too: an attempt that was cut off may have made objects that the watches do not show yet. */
  readonly thorough: boolean;
  readonly signal: AbortSignal;
}

const GONE_WITHIN_MS = 60_000;

/** Deletes, then waits until the API server shows them gone; what lingers longer is left to the next sweep. */
export async function removeRun(
  { cluster, log }: Pick<SyncContext, 'cluster' | 'log'>,
  objects: RunObjects,
): Promise<void> {
  const { jobs, pvcs, volumeSnapshots } = cluster;
  const limit = after(GONE_WITHIN_MS);
  const gone = async (...resources: readonly Watchable[]) => {
    const watches = resources.map((resource) => resource.watch());
    const look = () => (watches.some((watch) => remaining(watch, objects) > 0) ? undefined : true);
    try {
      await until(watches, look, AbortSignal.any([objects.signal, limit]));
    } catch (error) {
      if (!limit.aborted) throw error;
      const { run, namespace } = objects;
      log.error('objects of the run are slow to go', { run, namespace });
    }
  };
  await removeFrom(jobs, objects);
  await removeFrom(pvcs, objects);
  // A snapshot that goes together with a volume that is still being restored from it stays for minutes.
  await gone(jobs, pvcs);
  await removeFrom(volumeSnapshots, objects);
  await gone(volumeSnapshots);
}

async function removeFrom<T extends KubernetesObject>(
  resource: Resource<T>,
  objects: RunObjects,
): Promise<void> {
  const { namespace, run, thorough, signal } = objects;
  const labelSelector = `${LABELS.run}=${crc32(run)}`;
  const found = thorough
    ? await resource.list({ namespace, labelSelector }, { signal })
    : ours(resource.watch(), objects);
  await Promise.all(
    found.filter(isStanding).map(({ metadata }) => {
      if (isKept(metadata)) return letGo(resource, { namespace, name: metadata.name }, signal);
      const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
      return resource.delete({ namespace, name: metadata.name }, preconditions, { signal });
    }),
  );
}

type Watchable = Pick<Resource<KubernetesObject>, 'watch'>;
type Watched = Pick<ReturnType<Watchable['watch']>, 'list'>;

function remaining(watch: Watched, objects: RunObjects): number {
  return ours(watch, objects).filter(({ metadata }) => !isKept(metadata)).length;
}

function ours(watch: Watched, { namespace, run }: RunObjects): readonly KubernetesObject[] {
  return watch.list(namespace).filter(({ metadata }) => metadata.labels?.[LABELS.run] === crc32(run));
}

// It is the user's from now on: else it would go with its source.
async function letGo<T extends KubernetesObject>(
  resource: Resource<T>,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<void> {
  const labels = { [LABELS.cleanup]: null, [LABELS.createdBy]: null, [LABELS.managedBy]: null };
  await resource.patch(ref, { metadata: { labels, ownerReferences: null } }, { signal });
}

function isStanding({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

function isKept({ labels }: KubernetesObject['metadata']): boolean {
  return labels?.[LABELS.doNotDelete] !== undefined;
}
