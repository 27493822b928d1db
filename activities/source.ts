// Reads the source of a sync: from the shared watch where it is there, else live.
import type { ReplicationSource } from '../api/replication-source.ts';
import type { MoverName, SourceRef } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';
import type { StatusPatch } from '../domain/sync-status.ts';
import { isConflict } from '../kubernetes/kubernetes-error.ts';
import { isSupported } from '../movers/index.ts';
import type { SupportedMover } from '../movers/index.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { refusal } from './context.ts';

/** The source that this sync was started for; another one under its name is none of ours. */
export async function readSource(
  cluster: Cluster,
  ref: SourceRef,
  signal: AbortSignal,
): Promise<ReplicationSource> {
  const source = await findSource(cluster, ref, signal);
  if (source === undefined) throw refusal(failures.sourceGone(`${ref.namespace}/${ref.name}`));
  return source;
}

/** Undefined when it is gone, going, or was created anew. */
export async function findSource(
  cluster: Cluster,
  ref: SourceRef,
  signal: AbortSignal,
): Promise<ReplicationSource | undefined> {
  const watched = cluster.sources.watch().get(ref);
  const source = watched?.metadata.uid === ref.uid ? watched : await cluster.sources.get(ref, { signal });
  const ours = source?.metadata.uid === ref.uid && source.metadata.deletionTimestamp === undefined;
  return ours ? source : undefined;
}

/**
 * Writes the source's status, and never that of a source created anew under its name: with the version that we
 * have seen, which saves a read; when that is outdated, by a read of its own.
 */
export async function patchSourceStatus(
  cluster: Cluster,
  source: ReplicationSource,
  status: StatusPatch,
): Promise<ReplicationSource> {
  const { namespace = '', name, uid, resourceVersion } = source.metadata;
  const ours = uid === undefined ? {} : { uid };
  const asSeen = resourceVersion === undefined ? ours : { ...ours, resourceVersion };
  try {
    return await cluster.sources.patchStatus({ namespace, name }, { metadata: asSeen, status });
  } catch (error) {
    if (!isConflict(error)) throw error;
    return cluster.sources.patchStatus({ namespace, name }, { metadata: ours, status });
  }
}

/** `beginSync` has refused the others. */
export function supportedMover(name: MoverName): SupportedMover {
  if (isSupported(name)) return name;
  throw refusal(failures.sourceInvalid('of this sync', `the mover ${name} is not supported by this version`));
}
