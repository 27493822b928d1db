// When a source lags behind its schedule, by VolSync's rule (reference VolSync §2.5): the sync of a slot has to be
// complete before the slot after it.
import type { OwnerObject } from '../api/sync.ts';
import { nextTime } from './cron.ts';
import { SCHEDULE_ANNOTATIONS, triggerKind } from './schedule.ts';

/** By when the next sync has to be complete, milliseconds since the epoch; undefined without a schedule or a sync before. */
export function syncDeadline(object: OwnerObject): number | undefined {
  const { metadata, spec, status } = object;
  const schedule = spec?.trigger?.schedule;
  if (schedule === undefined || status?.lastSyncTime === undefined) return undefined;
  if (triggerKind(object) !== 'schedule') return undefined;
  const timeZone = metadata.annotations?.[SCHEDULE_ANNOTATIONS.timeZone];
  const slot = nextTime(schedule, new Date(status.lastSyncTime), timeZone);
  return slot && nextTime(schedule, slot, timeZone)?.getTime();
}
