// Which sources lag behind, from what the watch of the sources has: the controller knows all of them, a worker only
// those whose syncs it happens to close.
import { setImmediate as otherWork } from 'node:timers/promises';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { moverInSpec } from '../../domain/schedule.ts';
import { syncDeadline } from '../../domain/sync-deadline.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { SourceSync } from '../../telemetry/sync-metrics.ts';

const AT_ONCE = 25;

/** Computing a deadline takes a third of a millisecond: it is kept with its source, and nudges come in between. */
export function syncStates(cluster: Cluster): () => Promise<readonly SourceSync[]> {
  const deadlines = new WeakMap<ReplicationSource, number>();
  return async () => {
    const sources = cluster.sources.watch().list();
    for (const [index, source] of sources.filter((known) => !deadlines.has(known)).entries()) {
      deadlines.set(source, syncDeadline(source) ?? Number.POSITIVE_INFINITY);
      if (index % AT_ONCE === AT_ONCE - 1) await otherWork();
    }
    const now = cluster.now();
    return sources.flatMap((source) => stateOf(source, now > (deadlines.get(source) ?? 0)));
  };
}

function stateOf({ metadata, spec, status }: ReplicationSource, late: boolean): readonly SourceSync[] {
  const mover = moverInSpec(spec ?? {});
  if (mover === 'none' || mover === 'foreign') return [];
  const { namespace = '', name } = metadata;
  return [{ source: { namespace, name }, mover, outOfSync: late || status?.lastSyncTime === undefined }];
}
