// What the controller says in the status of a source that is not being synchronised: when the next sync is due,
// and why none ever will be if its times cannot be read. While a sync runs, the status is the sync's.
import type { Condition, ReplicationSource } from '../api/replication-source.ts';
import { wholeSeconds } from './time.ts';
import { nextTime } from './cron.ts';
import { failures } from './failures.ts';
import { triggerKind, wantedSchedule } from './schedule.ts';
import type { WantedSchedule } from './schedule.ts';
import { synchronizingCondition } from './synchronizing-condition.ts';

export interface IdleStatus {
  /** Fields that have to change. */
  readonly patch: { readonly nextSyncTime?: string | null; readonly conditions?: readonly Condition[] };
  /** A sentence for the owner that was not said before. */
  readonly complaint?: string;
}

/** Undefined when the status is right as it is. */
export function idleStatus(source: ReplicationSource, now: number): IdleStatus | undefined {
  const wanted = wantedSchedule(source);
  if (wanted === undefined || source.status?.lastSyncStartTime !== undefined) return undefined;
  const dueTime = dueTimePatch(source, wanted, now);
  if (wanted.refusal !== undefined) {
    const complaint = failures.sourceInvalid(nameOf(source), `${NO_TIMES}: ${wanted.refusal}`).message;
    const condition = { reason: 'Error', message: complaint };
    if (synchronizingCondition(source)?.message === complaint) return dueTime && { patch: dueTime };
    return { patch: { ...dueTime, conditions: [conditionOf(source, condition, now)] }, complaint };
  }
  if (!complains(source)) return dueTime && { patch: dueTime };
  return { patch: { ...dueTime, conditions: [conditionOf(source, IDLE[triggerKind(source)], now)] } };
}

const NO_TIMES = 'no sync can be scheduled';

/** It says that its times cannot be read. */
function complains(source: ReplicationSource): boolean {
  return synchronizingCondition(source)?.message.includes(NO_TIMES) ?? false;
}

function conditionOf(
  source: ReplicationSource,
  said: { reason: string; message: string },
  now: number,
): Condition {
  const present = synchronizingCondition(source);
  const lastTransitionTime = present?.status === 'False' ? present.lastTransitionTime : wholeSeconds(now);
  return { type: 'Synchronizing', status: 'False', ...said, lastTransitionTime };
}

// VolSync's words.
const WAITING_FOR_SCHEDULE = {
  reason: 'WaitingForSchedule',
  message: 'Waiting for next scheduled synchronization',
};
const IDLE = {
  schedule: WAITING_FOR_SCHEDULE,
  none: WAITING_FOR_SCHEDULE,
  manual: { reason: 'WaitingForManual', message: 'Waiting for manual trigger' },
};

// As in VolSync, the time is absent until a sync has ended.
function dueTimePatch(
  source: ReplicationSource,
  wanted: WantedSchedule,
  now: number,
): { nextSyncTime: string | null } | undefined {
  const { lastSyncTime, nextSyncTime } = source.status ?? {};
  if (lastSyncTime === undefined && nextSyncTime === undefined) return undefined;
  const due = nextTimeOf(wanted, now);
  return due === nextSyncTime ? undefined : { nextSyncTime: due ?? null };
}

function nextTimeOf({ cron, timeZone }: WantedSchedule, now: number): string | undefined {
  const times = cron.flatMap((text) => nextTime(text, new Date(now), timeZone)?.getTime() ?? []);
  return times.length === 0 ? undefined : wholeSeconds(Math.min(...times));
}

function nameOf({ metadata }: ReplicationSource): string {
  return `${metadata.namespace}/${metadata.name}`;
}
