// Keeps one Temporal Schedule per source and destination: from every change of one or of a trigger that is left on its
// pvc, and from time to time from the list of all schedules, because a schedule may have been removed by hand, and a
// run ended without a word. A schedule named source/… or destination/… without its object is deleted: each cluster
// needs a Temporal namespace of its own.
import type { OwnerObject } from '../../api/sync.ts';
import { SCHEDULE_PREFIXES } from '../../domain/messages.ts';
import { triggerKind } from '../../domain/schedule.ts';
import { syncRequest } from '../../domain/sync-request.ts';
import { keyOf, refOf, refOfKey } from '../../kubernetes/object-ref.ts';
import { destinationKind, sourceKind } from './kept-kinds.ts';
import type { KeptKind } from './kept-kinds.ts';
import { keepLostSlots } from './lost-slots.ts';
import { Reconciler } from './reconciler.ts';
import type { Keeping } from './reconciler.ts';
import { repeatedly } from './repeatedly.ts';

/** Starts to keep the schedules in step once the watches are complete; returns the way to stop. */
export async function keepSchedules(options: Omit<Keeping, 'lostSlots'>): Promise<() => Promise<void>> {
  const { cluster, schedules, settings, log } = options;
  await Promise.all([cluster.sources, cluster.destinations, cluster.pvcs].map((one) => one.watch().synced()));
  const keeping = { ...options, lostSlots: keepLostSlots(cluster) };
  const kept = [keepKind(sourceKind(cluster), keeping), keepKind(destinationKind(cluster), keeping)];

  async function sweep(): Promise<void> {
    const ids = await schedules.list();
    for (const one of kept) one.sweep(ids);
  }
  const stopSweeping = repeatedly(sweep, settings.sweepEveryMs, log.child({ task: 'sweep' }));
  return async () => {
    stopSweeping();
    await Promise.all(kept.map((one) => one.stop()));
  };
}

interface Kept {
  /** Looks for what no watch tells, by the ids of all schedules that there are. */
  sweep(ids: readonly string[]): void;
  stop(): Promise<void>;
}

function keepKind<T extends OwnerObject>(kind: KeptKind<T>, keeping: Keeping): Kept {
  const objects = kind.objects.watch();
  const prefix = SCHEDULE_PREFIXES[kind.kind];
  const reconciler = new Reconciler(kind, keeping);
  const look = (object: T) => reconciler.look(keyOf(refOf(object)));
  const unsubscribe = [objects.subscribe((ref) => reconciler.look(keyOf(ref))), kind.watchTriggers(look)];
  for (const object of objects.list()) look(object);
  return {
    sweep(ids) {
      const ours = ids.filter((id) => id.startsWith(prefix));
      const standing = new Set(ours.map((id) => id.slice(prefix.length)));
      for (const key of standing) if (objects.get(refOfKey(key)) === undefined) reconciler.look(key);
      for (const object of objects.list()) {
        const key = keyOf(refOf(object));
        if (!standing.has(key) || syncRequest(object) !== undefined || skipsSlots(object))
          reconciler.lookAfresh(key);
      }
    },
    async stop() {
      for (const unsubscribeOne of unsubscribe) unsubscribeOne();
      await reconciler.close();
    },
  };
}

// A slot that comes while a sync runs is lost, and only Temporal knows.
function skipsSlots(object: OwnerObject): boolean {
  return object.status?.lastSyncStartTime !== undefined && triggerKind(object) === 'schedule';
}
