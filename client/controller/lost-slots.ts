// Slots at which no sync was started, told where people look: as a metric, and as an event on the source.
import type { ReplicationSource } from '../../api/replication-source.ts';
import { events } from '../../domain/events.ts';
import { newlyLost } from '../../domain/lost-slots.ts';
import type { LostSlots } from '../../domain/lost-slots.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { showLostSlots } from '../../telemetry/sync-metrics.ts';

export interface LostSlotsBook {
  /** `slots` as Temporal counts them now. */
  see(source: ReplicationSource, slots: LostSlots): Promise<void>;
}

/** What was lost before this process has looked for the first time is in the metric, and no event any more. */
export function keepLostSlots(cluster: Cluster): LostSlotsBook {
  const seen = new Map<string, LostSlots>();
  showLostSlots(() =>
    cluster.sources
      .watch()
      .list()
      .flatMap(({ metadata }) => {
        const { namespace = '', name, uid = '' } = metadata;
        const slots = seen.get(uid);
        return slots === undefined ? [] : [{ source: { namespace, name }, ...slots }];
      }),
  );
  return {
    async see(source, slots) {
      const { uid = '' } = source.metadata;
      const lost = newlyLost(seen.get(uid), slots);
      seen.set(uid, slots);
      if (lost === undefined) return;
      await cluster.record({ regarding: source, ...events.slotsLost(lost.skipped, lost.missed) });
    },
  };
}
