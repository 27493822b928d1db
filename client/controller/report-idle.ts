// Tells the owner of a source when its next sync is due, or why its times cannot be read.
import type { ReplicationSource } from '../../api/replication-source.ts';
import { events } from '../../domain/events.ts';
import { idleStatus } from '../../domain/idle-status.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { isConflict, isNotFound } from '../../kubernetes/kubernetes-error.ts';

/** A status that changed meanwhile, or a source that is gone, comes back as another change of the source. */
export async function reportIdle(cluster: Cluster, source: ReplicationSource): Promise<void> {
  const idle = idleStatus(source, cluster.now());
  if (idle === undefined) return;
  const { namespace = '', name, uid, resourceVersion } = source.metadata;
  const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  try {
    await cluster.sources.patchStatus({ namespace, name }, { metadata: preconditions, status: idle.patch });
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return;
    throw error;
  }
  if (idle.complaint === undefined) return;
  const event = events.syncFailed('SourceInvalid', idle.complaint);
  await cluster.record({ ...event, regarding: source });
}
