// The source of a sync.
import type { ReplicationSource } from '../api/replication-source.ts';
import type { SourceRef } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';
import { asOwner } from '../domain/ownership.ts';
import type { StatusPatch } from '../domain/sync-status.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { refusal } from './context.ts';
import { findStanding, patchStatusOf } from './owner.ts';

/** The source that this sync was started for; another one under its name is none of ours. */
export async function readSource(
  cluster: Cluster,
  ref: SourceRef,
  signal: AbortSignal,
): Promise<ReplicationSource> {
  const source = await findSource(cluster, ref, signal);
  if (source === undefined) throw refusal(failures.ownerGone(asOwner(ref)));
  return source;
}

/** Undefined when it is gone, going, or was created anew. */
export async function findSource(
  cluster: Cluster,
  ref: SourceRef,
  signal: AbortSignal,
): Promise<ReplicationSource | undefined> {
  return findStanding(cluster.sources, ref, signal);
}

export async function patchSourceStatus(
  cluster: Cluster,
  source: ReplicationSource,
  status: StatusPatch,
): Promise<ReplicationSource> {
  return patchStatusOf(cluster.sources, source, status);
}
