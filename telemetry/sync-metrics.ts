// What operators watch of syncs: our own series, and VolSync's three with their names and labels (reference
// VolSync §6.1), so that its dashboards and alerts keep working.
import { Counter, Gauge, Histogram, Summary } from 'prom-client';
import type { ScheduleOwner } from '../domain/messages.ts';
import { registry } from './metrics.ts';

/** A sync that has ended, as far as it is measured. */
export interface SyncMeasures {
  /** The source or destination. */
  readonly owner: ScheduleOwner;
  readonly mover: string;
  readonly result: 'Successful' | 'Failed' | 'Cancelled' | 'Skipped';
  /** Reason of the failure; empty for a success. */
  readonly reason: string;
  readonly copyMethod?: string;
  /** Name of the CSI driver that made the pvc's volume. */
  readonly driver?: string;
  /** Also of a failure, whose freeze ended without a copy. */
  readonly freezeSeconds?: number;
  readonly waitingSeconds?: number;
  /** Only of a success, as in VolSync. */
  readonly durationSeconds?: number;
  /** It was complete only after the slot that followed its own. */
  readonly late?: boolean;
}

export interface SyncMetrics {
  syncEnded(measures: SyncMeasures): void;
}

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

const syncs = new Counter({
  name: 'stillpoint_syncs_total',
  help: 'Syncs that have ended. `result` is Successful, Failed, Cancelled or Skipped; `reason` is that of the failure.',
  labelNames: ['result', 'reason', 'mover'] as const,
  registers: [registry],
});

const freezes = new Histogram({
  name: 'stillpoint_freeze_seconds',
  help: 'How long applications stood still for a copy, from the trigger to the release; `result` is that of the sync.',
  labelNames: ['driver', 'copy_method', 'result'] as const,
  buckets: [0.1, 0.25, 0.5, SECOND, 2.5, 5, 10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE],
  registers: [registry],
});

const waits = new Histogram({
  name: 'stillpoint_waiting_seconds',
  help: 'How long syncs waited for their trigger, from WaitingForTrigger to the trigger.',
  buckets: [SECOND, 10, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY],
  registers: [registry],
});

const VOLSYNC_LABELS = ['obj_name', 'obj_namespace', 'role', 'method'] as const;

const missedIntervals = new Counter({
  name: 'volsync_missed_intervals_total',
  help: 'Syncs that were complete only after the slot that followed their own.',
  labelNames: VOLSYNC_LABELS,
  registers: [registry],
});

const durations = new Summary({
  name: 'volsync_sync_duration_seconds',
  help: 'How long successful syncs took, the wait for their trigger included.',
  labelNames: VOLSYNC_LABELS,
  percentiles: [0.5, 0.9, 0.99],
  maxAgeSeconds: DAY,
  ageBuckets: 5,
  registers: [registry],
});

/** The metrics of this process. */
export const syncMetrics: SyncMetrics = {
  syncEnded({ owner, mover, result, reason, late = false, ...measured }) {
    syncs.inc({ result, reason, mover });
    const { freezeSeconds, waitingSeconds, durationSeconds, copyMethod = '', driver = '' } = measured;
    const made = { driver, copy_method: copyMethod, result };
    if (freezeSeconds !== undefined) freezes.observe(made, freezeSeconds);
    if (waitingSeconds !== undefined) waits.observe(waitingSeconds);
    const labels = volSyncLabels(owner, mover);
    missedIntervals.inc(labels, late ? 1 : 0);
    if (durationSeconds !== undefined) durations.observe(labels, durationSeconds);
  },
};

export interface SyncState {
  readonly owner: ScheduleOwner;
  readonly mover: string;
  readonly outOfSync: boolean;
}

/** Shows for every source and destination, at each scrape, whether it lags behind: the truth of now, and none for what is gone. */
export function showOutOfSync(look: () => Promise<readonly SyncState[]>): void {
  new Gauge({
    name: 'volsync_volume_out_of_sync',
    help: '1 until the first successful sync, and when a scheduled one is not complete before the slot that follows its own.',
    labelNames: VOLSYNC_LABELS,
    registers: [registry],
    async collect() {
      const states = await look();
      this.reset();
      for (const { owner, mover, outOfSync } of states)
        this.set(volSyncLabels(owner, mover), outOfSync ? 1 : 0);
    },
  });
}

export interface OwnerSlots {
  readonly owner: ScheduleOwner;
  readonly skipped: number;
  readonly missed: number;
}

/** Shows for every source and destination, at each scrape, the slots at which its schedule started no sync. */
export function showLostSlots(look: () => readonly OwnerSlots[]): void {
  new Gauge({
    name: 'stillpoint_schedule_slots_lost',
    help: 'Slots of the schedule without a sync of their own since it was made; `why` is skipped (the sync before was still running) or missed (Temporal was away for longer than the catch-up window).',
    labelNames: ['obj_name', 'obj_namespace', 'why', 'role'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { owner, skipped, missed } of look()) {
        // Those of sources are without a role since before there were others.
        const role = owner.kind === 'ReplicationSource' ? {} : { role: roleOf(owner) };
        const labels = { obj_name: owner.name, obj_namespace: owner.namespace, ...role };
        this.set({ ...labels, why: 'skipped' }, skipped);
        this.set({ ...labels, why: 'missed' }, missed);
      }
    },
  });
}

function volSyncLabels(owner: ScheduleOwner, mover: string) {
  return { obj_name: owner.name, obj_namespace: owner.namespace, role: roleOf(owner), method: mover };
}

function roleOf({ kind }: ScheduleOwner): 'source' | 'destination' {
  return kind === 'ReplicationSource' ? 'source' : 'destination';
}
