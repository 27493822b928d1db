// Which sources and destinations lag behind, from what their watches have: the controller knows all of them, a worker
// only those whose syncs it happens to close.
import { setImmediate as otherWork } from 'node:timers/promises';
import type { OwnerObject } from '../../api/sync.ts';
import { ownerOf } from '../../domain/ownership.ts';
import { moverInSpec } from '../../domain/schedule.ts';
import { syncDeadline } from '../../domain/sync-deadline.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { SyncState } from '../../telemetry/sync-metrics.ts';
import { everyObject } from './kept-kinds.ts';

const AT_ONCE = 25;

/** Computing a deadline takes a third of a millisecond: it is kept with its object, and nudges come in between. */
export function syncStates(cluster: Cluster): () => Promise<readonly SyncState[]> {
  const deadlines = new WeakMap<OwnerObject, number>();
  return async () => {
    const objects = everyObject(cluster);
    for (const [index, object] of objects.filter((known) => !deadlines.has(known)).entries()) {
      deadlines.set(object, syncDeadline(object) ?? Number.POSITIVE_INFINITY);
      if (index % AT_ONCE === AT_ONCE - 1) await otherWork();
    }
    const now = cluster.now();
    return objects.flatMap((object) => stateOf(object, now > (deadlines.get(object) ?? 0)));
  };
}

function stateOf(object: OwnerObject, late: boolean): readonly SyncState[] {
  const mover = moverInSpec(object.spec ?? {});
  if (mover === 'none' || mover === 'foreign') return [];
  const outOfSync = late || object.status?.lastSyncTime === undefined;
  return [{ owner: ownerOf(object), mover, outOfSync }];
}
