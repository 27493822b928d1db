// Temporal's side of the comparison: reads and writes one schedule as domain/schedule.ts speaks of it.
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { Client, ScheduleDescription, ScheduleUpdateOptions } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import { REFUSED, TASK_QUEUE } from '../../domain/messages.ts';
import type { FoundSchedule, WantedSchedule } from '../../domain/schedule.ts';
import type { LostSlots } from '../../domain/lost-slots.ts';
import type { ScheduleRuns } from '../../domain/sync-request.ts';

/** A schedule that stands in Temporal. */
export interface StandingSchedule extends FoundSchedule {
  readonly scheduleId: string;
  /** `paused`: by a person, which no edit of the object undoes. */
  readonly runs: ScheduleRuns;
  readonly runningWorkflowIds: readonly string[];
  readonly lostSlots: LostSlots;
}

/** `request` is remembered in the schedule as the last one that a sync was started for. */
export interface Schedules {
  find(scheduleId: string): Promise<StandingSchedule | undefined>;
  /** False: somebody else was faster. */
  create(wanted: WantedSchedule, request: string | undefined): Promise<boolean>;
  update(wanted: WantedSchedule, request: string | undefined): Promise<void>;
  /** Starts one sync now, or when the running one has ended. */
  trigger(scheduleId: string): Promise<void>;
  delete(scheduleId: string): Promise<void>;
  /** Ids of all schedules; may lag behind by some seconds. */
  list(): Promise<readonly string[]>;
  cancelRun(workflowId: string): Promise<void>;
}

// temporal.api.enums.v1.WorkflowExecutionStatus: running; failed; canceled, terminated.
const RUNNING = 1;
const FAILED = 3;
const STOPPED: readonly unknown[] = [4, 5];
const SYNC_RESULT = defineSearchAttributeKey('SyncResult', 'KEYWORD');
const PAUSED_BY_US = 'spec.paused of the ';

export function createSchedules(client: Client): Schedules {
  const handle = (scheduleId: string) => client.schedule.getHandle(scheduleId);
  return {
    find: (scheduleId) =>
      unlessMissing(async () => {
        const description = await handle(scheduleId).describe();
        return standing(description, await latestEnd(client, description));
      }),

    async create(wanted, request) {
      const { spec, action, policies, typedSearchAttributes } = scheduleOptions(wanted, request);
      const state = { paused: wanted.paused, ...(wanted.paused && { note: ourNote(wanted) }) };
      try {
        const { scheduleId } = wanted;
        await client.schedule.create({ scheduleId, spec, action, policies, typedSearchAttributes, state });
        return true;
      } catch (error) {
        if (error instanceof ScheduleAlreadyRunning) return false;
        throw error;
      }
    },

    async update(wanted, request) {
      await handle(wanted.scheduleId).update(({ state }) => {
        const byPerson = isPausedByPerson(state);
        const paused = wanted.paused || byPerson;
        const note = byPerson ? state.note : wanted.paused ? ourNote(wanted) : undefined;
        return {
          ...scheduleOptions(wanted, request),
          state: { paused, ...(note !== undefined && { note }) },
        };
      });
    },

    // Not the SDK's default, and not `triggerImmediately` of create: both are ALLOW_ALL, and Temporal does not
    // count such a run as running, so that the next slot would start a second sync beside it.
    trigger: (scheduleId) => handle(scheduleId).trigger(ScheduleOverlapPolicy.BUFFER_ONE),

    delete: async (scheduleId) => {
      await unlessMissing(() => handle(scheduleId).delete());
    },

    async list() {
      const ids: string[] = [];
      for await (const { scheduleId } of client.schedule.list()) ids.push(scheduleId);
      return ids;
    },

    async cancelRun(workflowId) {
      try {
        await client.workflow.getHandle(workflowId).cancel();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}

function ourNote({ scheduleId }: WantedSchedule): string {
  return PAUSED_BY_US + scheduleId.slice(0, scheduleId.indexOf('/'));
}

function isPausedByPerson({ paused, note }: { readonly paused: boolean; readonly note?: string }): boolean {
  return paused && note?.startsWith(PAUSED_BY_US) !== true;
}

interface LatestEnd {
  readonly stoppedByPeople: boolean;
  readonly refused: boolean;
}

// A schedule tells that its sync has ended a moment before it tells how, and never why: then the sync itself is asked.
async function latestEnd(client: Client, { info, raw }: ScheduleDescription): Promise<LatestEnd> {
  const latest = info.recentActions.at(-1)?.action.workflow;
  const known = raw.info?.recentActions?.at(-1)?.startWorkflowStatus;
  const unclear = known === FAILED || (known === RUNNING && info.runningActions.length === 0);
  if (latest !== undefined && unclear) return endOf(client, latest.workflowId);
  return { stoppedByPeople: STOPPED.includes(known), refused: false };
}

async function endOf({ workflow }: Client, workflowId: string): Promise<LatestEnd> {
  try {
    const { status, typedSearchAttributes } = await workflow.getHandle(workflowId).describe();
    return {
      stoppedByPeople: status.name === 'CANCELLED' || status.name === 'TERMINATED',
      refused: typedSearchAttributes.get(SYNC_RESULT) === REFUSED,
    };
  } catch (error) {
    // Forgotten by now.
    if (error instanceof WorkflowNotFoundError) return { stoppedByPeople: false, refused: false };
    throw error;
  }
}

function standing(
  { scheduleId, action, state, info }: ScheduleDescription,
  latest: LatestEnd,
): StandingSchedule {
  // Whoever made this schedule by hand may have left arguments and memo out.
  const [ref, revision] = (action.args ?? []) as [{ uid?: string }?, string?];
  const runningWorkflowIds = info.runningActions.map(({ workflow }) => workflow.workflowId);
  return {
    scheduleId,
    uid: ref?.uid,
    revision,
    runningWorkflowIds,
    lostSlots: { skipped: info.numActionsSkippedOverlap, missed: info.numActionsMissedCatchupWindow },
    runs: {
      paused: isPausedByPerson(state),
      lastRequest: action.memo?.['lastRequest'] as string | undefined,
      running: runningWorkflowIds.length > 0,
      written: (info.lastUpdatedAt ?? info.createdAt).getTime(),
      starts: info.recentActions.map(({ takenAt }) => takenAt.getTime()),
      ...latest,
    },
  };
}

function scheduleOptions(wanted: WantedSchedule, request: string | undefined) {
  const typedSearchAttributes = searchAttributes(wanted);
  return {
    spec: { cronExpressions: [...wanted.cron], timezone: wanted.timeZone, jitter: wanted.jitterMs },
    action: {
      type: 'startWorkflow',
      workflowType: wanted.workflowType,
      workflowId: wanted.scheduleId,
      taskQueue: TASK_QUEUE,
      args: [wanted.ref, wanted.revision],
      memo: request === undefined ? {} : { lastRequest: request },
      typedSearchAttributes,
      staticSummary: wanted.summary,
      staticDetails: wanted.details,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: wanted.catchupWindowMs },
    typedSearchAttributes,
  } satisfies Omit<ScheduleUpdateOptions, 'state'>;
}

function searchAttributes(wanted: WantedSchedule): SearchAttributePair[] {
  return Object.entries(wanted.searchAttributes).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, 'KEYWORD'),
    value,
  }));
}

async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
