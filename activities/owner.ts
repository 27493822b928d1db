// The source or destination that a run serves: read from the shared watch where it is there, else live.
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { Owner, SourceRef } from '../api/sync.ts';
import { asRead, uidOf } from '../domain/preconditions.ts';
import type { StatusPatch } from '../domain/sync-status.ts';
import type { Cluster, Resource } from '../kubernetes/cluster.ts';
import { isConflict } from '../kubernetes/kubernetes-error.ts';
import { refOf } from '../kubernetes/object-ref.ts';

/** Undefined when it is gone, going, or was created anew. */
export async function findOwner(
  cluster: Cluster,
  owner: Owner,
  signal: AbortSignal,
): Promise<ReplicationSource | ReplicationDestination | undefined> {
  return owner.kind === 'ReplicationSource'
    ? findStanding(cluster.sources, owner, signal)
    : findStanding(cluster.destinations, owner, signal);
}

export async function findStanding<T extends KubernetesObject>(
  resource: Resource<T>,
  ref: SourceRef,
  signal: AbortSignal,
): Promise<T | undefined> {
  const watched = resource.watch().get(ref);
  const found = watched?.metadata.uid === ref.uid ? watched : await resource.get(ref, { signal });
  const ours = found?.metadata.uid === ref.uid && found.metadata.deletionTimestamp === undefined;
  return ours ? found : undefined;
}

/**
 * Writes the status, and never that of an object created anew under its name: with the version that we have seen,
 * which saves a read; when that is outdated, by a read of its own.
 */
export async function patchStatusOf<T extends KubernetesObject>(
  resource: Resource<T>,
  object: T,
  status: StatusPatch,
): Promise<T> {
  const ref = refOf(object);
  try {
    return await resource.patchStatus(ref, { metadata: asRead(object), status });
  } catch (error) {
    if (!isConflict(error)) throw error;
    return resource.patchStatus(ref, { metadata: uidOf(object), status });
  }
}
