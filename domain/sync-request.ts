// When a sync starts outside the times of its schedule: the first one, a manual one, a continuous one, one for a
// trigger that the owner has set in between. Each
// such start is a request with a name; the schedule remembers the last name that was requested, so that a
// restarted controller does not ask twice, and a request that got lost on the way is made again.
import type { OwnerObject } from '../api/sync.ts';
import { SCHEDULE_ANNOTATIONS, triggerKind } from './schedule.ts';
import { synchronizingCondition } from './synchronizing-condition.ts';

/** What Temporal says of the runs of a schedule. */
export interface ScheduleRuns {
  readonly paused: boolean;
  readonly lastRequest?: string | undefined;
  readonly running: boolean;
  /** When the schedule was last written, milliseconds since the epoch, by Temporal's clock. */
  readonly written: number;
  /** The latest starts, oldest first, by the same clock. */
  readonly starts: readonly number[];
  /** The latest run was cancelled or terminated. */
  readonly stoppedByPeople: boolean;
  /** The latest run was refused for its input. */
  readonly refused: boolean;
}

export type StartPlan =
  | { readonly do: 'start'; readonly request: string }
  | { readonly do: 'lookAgain'; readonly afterMs: number }
  | { readonly do: 'nothing' };

/**
 * The start that the object asks for beside its times; undefined when there is none. A trigger that was left on the
 * pvc (domain/left-trigger.ts) asks for one, too; one sync serves both.
 */
export function syncRequest(object: OwnerObject, trigger?: string): string | undefined {
  const ownRequest = requestOf(object);
  if (trigger === undefined) return ownRequest;
  return ownRequest === undefined ? trigger : `${trigger} + ${ownRequest}`;
}

function requestOf(object: OwnerObject): string | undefined {
  switch (triggerKind(object)) {
    case 'manual':
      return manualRequest(object);
    case 'schedule':
      return neverSynced(object) && !waitsForPeople(object) ? 'first' : undefined;
    case 'none':
      return waitsForPeople(object) ? undefined : `after ${object.status?.lastSyncTime ?? 'creation'}`;
  }
}

function manualRequest({ spec, status }: OwnerObject): string | undefined {
  const tag = spec?.trigger?.manual;
  return tag === status?.lastManualSync ? undefined : `manual ${tag}`;
}

/** No first sync of a volume that may still have to be restored: its schedule or a person starts it. */
export function waitsForPeople(object: OwnerObject): boolean {
  return neverSynced(object) && object.metadata.annotations?.[SCHEDULE_ANNOTATIONS.firstSync] === 'wait';
}

/** What there is beside object and schedule: milliseconds since the epoch, and the request of a left trigger. */
export interface Moment {
  readonly now: number;
  readonly trigger?: string | undefined;
}

export function planStart(object: OwnerObject, runs: ScheduleRuns, { now, trigger }: Moment): StartPlan {
  const request = syncRequest(object, trigger);
  if (runs.paused || (request === undefined && !hasFailed(object))) return { do: 'nothing' };
  if (runs.running) {
    // The end of a sync changes the status of its object, and that event comes here again. A sync that has
    // just started, or is about to close, shows nothing yet.
    return synchronizing(object) ? { do: 'nothing' } : { do: 'lookAgain', afterMs: SETTLING_MS };
  }
  if (request === undefined) return runs.refused ? again(object, runs, now) : { do: 'nothing' };
  return serve(request, object, { ...runs, now });
}

function serve(
  request: string,
  object: OwnerObject,
  runs: ScheduleRuns & { readonly now: number },
): StartPlan {
  if (asksForMore(request, runs.lastRequest)) return { do: 'start', request };
  const starts = runs.starts.filter((start) => start >= runs.written);
  if (starts.length === 0) return startFrom(request, runs.written + LOST_AFTER_MS, runs.now);
  // A trigger asks once: its owner does not stand still for ever. The next sync, whenever it comes, sees it, too.
  if (requestOf(object) === undefined) return { do: 'nothing' };
  // Who stops a sync that was asked for once wants no other; where syncs follow each other, the next one follows.
  if (runs.stoppedByPeople && triggerKind(object) !== 'none') return { do: 'nothing' };
  return startFrom(request, lastEnd(object, starts) + backOff(starts.length), runs.now);
}

// The slot of a sync that was refused is not lost: its input may be mended long before the next one (VolSync, too,
// comes back to what it could not serve).
function again(object: OwnerObject, { lastRequest, starts, written }: ScheduleRuns, now: number): StartPlan {
  const request = `again after ${object.status?.lastSyncTime ?? 'creation'}`;
  const tries = request === lastRequest ? starts.filter((start) => start >= written).length : 1;
  return startFrom(request, lastEnd(object, starts) + backOff(Math.max(1, tries)), now);
}

const SETTLING_MS = 1_000;
const LOST_AFTER_MS = 10_000;
const FIRST_BACK_OFF_MS = 30_000;
const LONGEST_BACK_OFF_MS = 1_000_000; // VolSync's.

// Whatever of a request was started already is not started at once again when the rest of it is gone.
function asksForMore(request: string, last: string | undefined): boolean {
  const [before, wanted] = [partsOf(last ?? ''), partsOf(request)];
  return (
    (wanted.trigger !== '' && wanted.trigger !== before.trigger) ||
    (wanted.own !== '' && wanted.own !== before.own)
  );
}

function partsOf(request: string): { readonly trigger: string; readonly own: string } {
  const trigger = /^trigger [0-9a-f]{8}/.exec(request)?.[0] ?? '';
  return { trigger, own: request.slice(trigger.length).replace(/^ \+ /, '') };
}

function startFrom(request: string, time: number, now: number): StartPlan {
  return now >= time ? { do: 'start', request } : { do: 'lookAgain', afterMs: time - now };
}

function lastEnd(object: OwnerObject, starts: readonly number[]): number {
  const condition = synchronizingCondition(object);
  const ended = condition?.status === 'False' ? Date.parse(condition.lastTransitionTime) : 0;
  return Math.max(ended, ...starts);
}

function backOff(failures: number): number {
  return Math.min(FIRST_BACK_OFF_MS * 2 ** (failures - 1), LONGEST_BACK_OFF_MS);
}

function neverSynced({ status }: OwnerObject): boolean {
  return status?.lastSyncTime === undefined && status?.lastSyncStartTime === undefined;
}

/** The latest sync has failed, as the status of its object says. */
export function hasFailed(object: OwnerObject): boolean {
  return synchronizingCondition(object)?.reason === 'Error';
}

function synchronizing({ status }: OwnerObject): boolean {
  return status?.lastSyncStartTime !== undefined;
}
