// When a sync starts outside the times of its schedule: the first one, a manual one, a continuous one. Each
// such start is a request with a name; the schedule remembers the last name that was requested, so that a
// restarted controller does not ask twice, and a request that got lost on the way is made again.
import type { ReplicationSource } from '../api/replication-source.ts';
import { SCHEDULE_ANNOTATIONS, triggerKind } from './schedule.ts';

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
}

export type StartPlan =
  | { readonly do: 'start'; readonly request: string }
  | { readonly do: 'lookAgain'; readonly afterMs: number }
  | { readonly do: 'nothing' };

/** The start that the source asks for beside its times; undefined when there is none. */
export function syncRequest(source: ReplicationSource): string | undefined {
  switch (triggerKind(source)) {
    case 'manual':
      return manualRequest(source);
    case 'schedule':
      return neverSynced(source) && !waitsForPeople(source) ? 'first' : undefined;
    case 'none':
      return waitsForPeople(source) ? undefined : `after ${source.status?.lastSyncTime ?? 'creation'}`;
  }
}

function manualRequest({ spec, status }: ReplicationSource): string | undefined {
  const tag = spec?.trigger?.manual;
  return tag === status?.lastManualSync ? undefined : `manual ${tag}`;
}

// No first sync of a volume that may still have to be restored: its schedule or a person starts it.
function waitsForPeople(source: ReplicationSource): boolean {
  return neverSynced(source) && source.metadata.annotations?.[SCHEDULE_ANNOTATIONS.firstSync] === 'wait';
}

export function planStart(source: ReplicationSource, runs: ScheduleRuns, now: number): StartPlan {
  const request = syncRequest(source);
  if (request === undefined || runs.paused) return { do: 'nothing' };
  if (runs.running) {
    // The end of a sync changes the status of its source, and that event comes here again. A sync that has
    // just started, or is about to close, shows nothing yet.
    return synchronizing(source) ? { do: 'nothing' } : { do: 'lookAgain', afterMs: SETTLING_MS };
  }
  if (runs.lastRequest !== request) return { do: 'start', request };
  const starts = runs.starts.filter((start) => start >= runs.written);
  if (starts.length === 0) return startFrom(request, runs.written + LOST_AFTER_MS, now);
  // Who stops a sync that was asked for once wants no other; where syncs follow each other, the next one follows.
  if (runs.stoppedByPeople && triggerKind(source) !== 'none') return { do: 'nothing' };
  return startFrom(request, lastEnd(source, starts) + backOff(starts.length), now);
}

const SETTLING_MS = 1_000;
const LOST_AFTER_MS = 10_000;
const FIRST_BACK_OFF_MS = 30_000;
const LONGEST_BACK_OFF_MS = 1_000_000; // VolSync's.

function startFrom(request: string, time: number, now: number): StartPlan {
  return now >= time ? { do: 'start', request } : { do: 'lookAgain', afterMs: time - now };
}

function lastEnd(source: ReplicationSource, starts: readonly number[]): number {
  const condition = source.status?.conditions?.find(({ type }) => type === 'Synchronizing');
  const ended = condition?.status === 'False' ? Date.parse(condition.lastTransitionTime) : 0;
  return Math.max(ended, ...starts);
}

function backOff(failures: number): number {
  return Math.min(FIRST_BACK_OFF_MS * 2 ** (failures - 1), LONGEST_BACK_OFF_MS);
}

function neverSynced({ status }: ReplicationSource): boolean {
  return status?.lastSyncTime === undefined && status?.lastSyncStartTime === undefined;
}

function synchronizing({ status }: ReplicationSource): boolean {
  return status?.lastSyncStartTime !== undefined;
}
