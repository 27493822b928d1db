// The status of a source, as VolSync writes it (reference VolSync §1.11, §12.2): each function returns the
// merge patch for one moment of a sync; null removes a field.
import type { Condition, ReplicationSource } from '../api/replication-source.ts';
import type { CopyTimes, Moved, OwnerObject, SyncPlan } from '../api/sync.ts';
import { nextTime } from './cron.ts';
import { wholeSeconds } from './time.ts';
import { goDuration } from './duration.ts';
import { triggerKind } from './schedule.ts';
import { synchronizingCondition } from './synchronizing-condition.ts';

export type StatusPatch = Readonly<Record<string, unknown>>;

/** A sync begins. */
export function syncStarted(object: OwnerObject, startTime: string): StatusPatch {
  return {
    lastSyncStartTime: startTime,
    conditions: [
      condition(
        object,
        { status: 'True', reason: 'SyncInProgress', message: 'Synchronization in-progress' },
        startTime,
      ),
    ],
  };
}

/** Ten minutes without a trigger: an error for people, while the sync keeps waiting. */
export function triggerOverdue(pvcName: string): StatusPatch {
  return {
    latestMoverStatus: {
      result: 'Failed',
      logs: `Timed out waiting for copy-trigger to be modified for pvc ${pvcName}`,
    },
  };
}

/** The trigger has come after all: takes back what `triggerOverdue` said, and nothing else; undefined when it does not stand there. */
export function triggerCame({ status }: ReplicationSource, pvcName: string): StatusPatch | undefined {
  const overdue = triggerOverdue(pvcName)['latestMoverStatus'] as { readonly logs: string };
  return status?.latestMoverStatus?.logs === overdue.logs ? { latestMoverStatus: null } : undefined;
}

/** Nothing is left behind of a sync that has ended well; undefined when that is said already. */
export function cleanedUp(object: OwnerObject, now: number): StatusPatch | undefined {
  const present = synchronizingCondition(object);
  return present?.reason === 'CleaningUp' ? { conditions: [idle(object, wholeSeconds(now))] } : undefined;
}

/** The mover said that all is moved. */
export function syncSucceeded(source: ReplicationSource, plan: SyncPlan, ended: Ended): StatusPatch {
  const { copy, moved, now } = ended;
  const time = wholeSeconds(now);
  return {
    lastSyncStartTime: null,
    lastSyncTime: time,
    lastSyncDuration: goDuration(now - Date.parse(plan.startTime)),
    nextSyncTime: nextSyncTime(source, now),
    lastManualSync: manualTag(plan),
    latestMoverStatus: { result: 'Successful', logs: moved.logs },
    lastCopy: lastCopy(copy),
    conditions: [condition(source, { status: 'False', reason: 'CleaningUp', message: 'Cleaning up' }, time)],
    ...(plan.mover === 'restic' && { restic: resticStatus(plan, moved, time) }),
  };
}

export interface Ended {
  readonly copy: CopyTimes;
  readonly moved: Moved;
  /** API-server time, milliseconds since the epoch. */
  readonly now: number;
}

/** The sync ended without moving the data; `lastSyncTime` stays. */
export function syncFailed(
  object: OwnerObject,
  failure: { message: string; logs?: string },
  now: number,
): StatusPatch {
  const time = wholeSeconds(now);
  return {
    lastSyncStartTime: null,
    nextSyncTime: nextSyncTime(object, now),
    latestMoverStatus: { result: 'Failed', logs: failure.logs ?? failure.message },
    conditions: [condition(object, { status: 'False', reason: 'Error', message: failure.message }, time)],
  };
}

/** The trigger did not come in time, and nothing is wrong but that: the next sync asks again. */
export function syncSkipped(object: OwnerObject, { message }: { message: string }, now: number): StatusPatch {
  const time = wholeSeconds(now);
  return {
    lastSyncStartTime: null,
    nextSyncTime: nextSyncTime(object, now),
    latestMoverStatus: { result: 'Failed', logs: message },
    conditions: [idle(object, time)],
  };
}

function idle(object: OwnerObject, time: string): Condition {
  const manual = triggerKind(object) === 'manual';
  const [reason, message] = manual
    ? ['WaitingForManual', 'Waiting for manual trigger']
    : ['WaitingForSchedule', 'Waiting for next scheduled synchronization'];
  return condition(object, { status: 'False', reason, message }, time);
}

/** The condition Synchronizing; its lastTransitionTime changes only when the status flips. */
export function condition(
  object: OwnerObject,
  said: { status: 'True' | 'False'; reason: string; message: string },
  time: string,
): Condition {
  const before = synchronizingCondition(object);
  const lastTransitionTime = before?.status === said.status ? before.lastTransitionTime : time;
  return { type: 'Synchronizing', ...said, lastTransitionTime };
}

/** When the next sync is due, once one has ended at `now`; null without a schedule. */
export function nextSyncTime(object: OwnerObject, now: number): string | null {
  const schedule = object.spec?.trigger?.schedule;
  if (triggerKind(object) !== 'schedule' || schedule === undefined) return null;
  const next = nextTime(schedule, new Date(now), object.metadata.annotations?.['stillpoint.dev/time-zone']);
  return next === undefined ? null : wholeSeconds(next.getTime());
}

// The tag that this run was started with: a newer one is a request for the next run (VolSync SM-11).
function manualTag(plan: SyncPlan): string {
  const trigger = plan.spec['trigger'] as { manual?: string } | undefined;
  return trigger?.manual ?? '';
}

function lastCopy(copy: CopyTimes): Readonly<Record<string, string | null>> {
  return {
    consistency: copy.consistency ?? null,
    by: copy.by ?? null,
    trigger: copy.trigger ?? null,
    askedTime: copy.askedTime ?? null,
    triggeredTime: copy.triggeredTime ?? null,
    cutTime: copy.cutTime ?? null,
    releasedTime: copy.releasedTime ?? null,
    freeze: copy.freezeMs === undefined ? null : goDuration(copy.freezeMs),
  };
}

// What the Job was started with and did, not what the clock says at the end (VolSync MV-7).
function resticStatus(plan: SyncPlan, moved: Moved, time: string): StatusPatch {
  const { unlock } = (plan.spec['restic'] ?? {}) as { unlock?: string };
  return {
    ...(moved.actions.includes('prune') && { lastPruned: time }),
    ...(unlock === undefined || unlock === ''
      ? { lastUnlocked: null }
      : moved.actions.includes('unlock') && { lastUnlocked: unlock }),
  };
}
