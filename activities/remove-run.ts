// Removes what a run made, by its label: Job first, so that its pod lets go of the volumes. An object that
// carries `volsync.backube/do-not-delete` is kept (VolSync).
import type { KubernetesObject } from '../api/kubernetes.ts';
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
  await removeFrom(jobs, objects);
  await Promise.all([removeFrom(pvcs, objects), removeFrom(volumeSnapshots, objects)]);
  const look = () =>
    remaining(jobs, objects) + remaining(pvcs, objects) + remaining(volumeSnapshots, objects) === 0
      ? true
      : undefined;
  const limit = after(GONE_WITHIN_MS);
  try {
    await until(
      [jobs.watch(), pvcs.watch(), volumeSnapshots.watch()],
      look,
      AbortSignal.any([objects.signal, limit]),
    );
  } catch (error) {
    if (!limit.aborted) throw error;
    log.error('objects of the run are slow to go', {
      run: objects.run,
      namespace: objects.namespace,
    });
  }
}

async function removeFrom<T extends KubernetesObject>(
  resource: Resource<T>,
  objects: RunObjects,
): Promise<void> {
  const { namespace, run, thorough, signal } = objects;
  const labelSelector = `${LABELS.run}=${crc32(run)}`;
  const found = thorough
    ? await resource.list({ namespace, labelSelector }, { signal })
    : ours(resource, objects);
  await Promise.all(
    found.filter(isRemovable).map(({ metadata }) => {
      const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
      return resource.delete({ namespace, name: metadata.name }, preconditions, { signal });
    }),
  );
}

function remaining<T extends KubernetesObject>(resource: Resource<T>, objects: RunObjects): number {
  return ours(resource, objects).filter(({ metadata }) => metadata.labels?.[LABELS.doNotDelete] === undefined)
    .length;
}

function ours<T extends KubernetesObject>(
  resource: Resource<T>,
  { namespace, run }: RunObjects,
): readonly T[] {
  return resource
    .watch()
    .list(namespace)
    .filter(({ metadata }) => metadata.labels?.[LABELS.run] === crc32(run));
}

function isRemovable({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp === undefined && metadata.labels?.[LABELS.doNotDelete] === undefined;
}
