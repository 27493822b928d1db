// Slots at which no sync was started, told where people look: as a metric, and as an event on the source or destination.
import type { OwnerObject } from '../../api/sync.ts';
import { events } from '../../domain/events.ts';
import { newlyLost } from '../../domain/lost-slots.ts';
import type { LostSlots } from '../../domain/lost-slots.ts';
import { ownerOf } from '../../domain/ownership.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { showLostSlots } from '../../telemetry/sync-metrics.ts';
import { everyObject } from './kept-kinds.ts';

export interface LostSlotsBook {
  /** `slots` as Temporal counts them now. */
  see(object: OwnerObject, slots: LostSlots): Promise<void>;
}

/** What was lost before this process has looked for the first time is in the metric, and no event any more. */
export function keepLostSlots(cluster: Cluster): LostSlotsBook {
  const seen = new Map<string, LostSlots>();
  showLostSlots(() =>
    everyObject(cluster).flatMap((object) => {
      const owner = ownerOf(object);
      const slots = seen.get(owner.uid);
      return slots === undefined ? [] : [{ owner, ...slots }];
    }),
  );
  return {
    async see(object, slots) {
      const { uid } = ownerOf(object);
      const lost = newlyLost(seen.get(uid), slots);
      seen.set(uid, slots);
      if (lost === undefined) return;
      await cluster.record({ regarding: object, ...events.slotsLost(lost.skipped, lost.missed) });
    },
  };
}
