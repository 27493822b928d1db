// Removes what a run made, by its label: Job first, so that its pod lets go of the volumes. An object that
// carries `volsync.backube/do-not-delete` is let go of instead (VolSync).
import type { KubernetesObject, ObjectRef } from '../api/kubernetes.ts';
import { crc32, LABELS } from '../domain/names.ts';
import { uidOf } from '../domain/preconditions.ts';
import { pause } from '../kubernetes/backoff.ts';
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
  const { run, namespace, signal } = objects;
  const limit = after(GONE_WITHIN_MS);
  const inTime = { ...objects, signal: AbortSignal.any([signal, limit]) };
  const gone = async (...removals: readonly Removal[]) => {
    try {
      await Promise.all(removals.map((removal) => removal.gone(inTime)));
    } catch (error) {
      if (!limit.aborted) throw error;
      log.error('objects of the run are slow to go', { run, namespace });
    }
  };
  const ended = await removeFrom(jobs, objects);
  // A snapshot that goes together with a volume that is still being restored from it stays for minutes.
  await gone(ended, await removeFrom(pvcs, objects));
  await gone(await removeFrom(volumeSnapshots, objects));
}

interface Removal {
  /** Resolves when nothing is left. */
  gone(inTime: RunObjects): Promise<void>;
}

async function removeFrom<T extends KubernetesObject>(
  resource: Resource<T>,
  objects: RunObjects,
): Promise<Removal> {
  const { thorough, signal } = objects;
  const watched = ours(resource, objects);
  // A watch that shows none may have fallen silent before we made ours.
  const blind = watched.length === 0;
  const found = thorough || blind ? await listOurs(resource, objects) : watched;
  await Promise.all(
    found.filter(isStanding).map((object) => {
      const ref = { namespace: objects.namespace, name: object.metadata.name };
      if (isKept(object.metadata)) return letGo(resource, ref, signal);
      return resource.delete(ref, uidOf(object), { signal });
    }),
  );
  const unseen = blind && found.some(({ metadata }) => !isKept(metadata));
  return { gone: (inTime) => (unseen ? goneLive(resource, inTime) : goneFromWatch(resource, inTime)) };
}

async function goneFromWatch<T extends KubernetesObject>(
  resource: Resource<T>,
  objects: RunObjects,
): Promise<void> {
  const look = () => (ours(resource, objects).some(({ metadata }) => !isKept(metadata)) ? undefined : true);
  await until([resource.watch()], look, objects.signal);
}

const LOOK_AGAIN_MS = 500;

async function goneLive<T extends KubernetesObject>(
  resource: Resource<T>,
  objects: RunObjects,
): Promise<void> {
  const { signal } = objects;
  while ((await listOurs(resource, objects)).some(({ metadata }) => !isKept(metadata))) {
    await pause(LOOK_AGAIN_MS, signal);
    signal.throwIfAborted();
  }
}

async function listOurs<T extends KubernetesObject>(
  resource: Resource<T>,
  { namespace, run, signal }: RunObjects,
): Promise<readonly T[]> {
  return resource.list({ namespace, labelSelector: `${LABELS.run}=${crc32(run)}` }, { signal });
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
