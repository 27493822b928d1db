// What the controller says in the status of a source or destination that is not being synchronised: when the next sync is due,
// and why none ever will be if its times cannot be read. While a sync runs, the status is the sync's.
import type { Condition } from '../api/replication-source.ts';
import type { OwnerObject } from '../api/sync.ts';
import { wholeSeconds } from './time.ts';
import { nextTime } from './cron.ts';
import { failures } from './failures.ts';
import { ownerOf } from './ownership.ts';
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
export function idleStatus(object: OwnerObject, now: number): IdleStatus | undefined {
  const wanted = wantedSchedule(object);
  if (wanted === undefined || object.status?.lastSyncStartTime !== undefined) return undefined;
  const dueTime = dueTimePatch(object, wanted, now);
  if (wanted.refusal !== undefined) {
    const complaint = failures.ownerInvalid(ownerOf(object), `${NO_TIMES}: ${wanted.refusal}`).message;
    const condition = { reason: 'Error', message: complaint };
    if (synchronizingCondition(object)?.message === complaint) return dueTime && { patch: dueTime };
    return { patch: { ...dueTime, conditions: [conditionOf(object, condition, now)] }, complaint };
  }
  if (!complains(object)) return dueTime && { patch: dueTime };
  return { patch: { ...dueTime, conditions: [conditionOf(object, IDLE[triggerKind(object)], now)] } };
}

const NO_TIMES = 'no sync can be scheduled';

/** It says that its times cannot be read. */
function complains(object: OwnerObject): boolean {
  return synchronizingCondition(object)?.message.includes(NO_TIMES) ?? false;
}

function conditionOf(object: OwnerObject, said: { reason: string; message: string }, now: number): Condition {
  const present = synchronizingCondition(object);
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
  object: OwnerObject,
  wanted: WantedSchedule,
  now: number,
): { nextSyncTime: string | null } | undefined {
  const { lastSyncTime, nextSyncTime } = object.status ?? {};
  if (lastSyncTime === undefined && nextSyncTime === undefined) return undefined;
  const due = nextTimeOf(wanted, now);
  return due === nextSyncTime ? undefined : { nextSyncTime: due ?? null };
}

function nextTimeOf({ cron, timeZone }: WantedSchedule, now: number): string | undefined {
  const times = cron.flatMap((text) => nextTime(text, new Date(now), timeZone)?.getTime() ?? []);
  return times.length === 0 ? undefined : wholeSeconds(Math.min(...times));
}
