// Brings the schedule of one source or destination in step with it, and starts the syncs that are due outside its
// times. Idempotent: two controllers at once do no harm, because every start leaves its name in the schedule.
import type { OwnerObject } from '../../api/sync.ts';
import type { LostSlots } from '../../domain/lost-slots.ts';
import { scheduleIdOf } from '../../domain/messages.ts';
import type { ScheduleOwner } from '../../domain/messages.ts';
import { planSchedule } from '../../domain/schedule.ts';
import type { SchedulePlan, WantedSchedule } from '../../domain/schedule.ts';
import { planStart, syncRequest } from '../../domain/sync-request.ts';
import type { StartPlan } from '../../domain/sync-request.ts';
import type { Schedules, StandingSchedule } from './schedules.ts';

/** What was done. */
export interface Reconciled {
  readonly did: SchedulePlan['do'];
  /** The name of the sync that was started, if one was. */
  readonly started?: string | undefined;
  readonly lookAgainAfterMs?: number | undefined;
  /** Undefined while there is no schedule that could have lost any. */
  readonly lostSlots?: LostSlots | undefined;
}

export interface Beside {
  readonly schedules: Schedules;
  /** By the API server's clock, which no wrong clock of this machine moves: milliseconds since the epoch. */
  readonly now: number;
  /** Name of the start that a trigger on the pvc asks for (domain/left-trigger.ts). */
  readonly trigger?: string | undefined;
}

export async function reconcileSchedule(
  owner: ScheduleOwner,
  object: OwnerObject | undefined,
  beside: Beside,
): Promise<Reconciled> {
  const { schedules } = beside;
  const plan = planSchedule(object, await schedules.find(scheduleIdOf(owner)));
  switch (plan.do) {
    case 'nothing':
      return { did: 'nothing' };
    case 'delete':
      await cancelRuns(plan.found, schedules);
      await schedules.delete(plan.found.scheduleId);
      return { did: 'delete' };
    case 'create':
      return createSchedule(plan, schedules);
    case 'replace':
      await cancelRuns(plan.found, schedules);
      return keepInStep(plan, beside);
    case 'update':
    case 'keep':
      return keepInStep(plan, beside);
  }
}

type Plan<Do extends SchedulePlan['do']> = Extract<SchedulePlan<StandingSchedule>, { do: Do }>;

async function createSchedule(plan: Plan<'create'>, schedules: Schedules): Promise<Reconciled> {
  const request = startable(plan.schedule) ? syncRequest(plan.object) : undefined;
  const created = await schedules.create(plan.schedule, request);
  // Another controller was faster: compare with what it has made.
  if (!created) return { did: 'nothing', lookAgainAfterMs: 0 };
  if (request !== undefined) await schedules.trigger(plan.schedule.scheduleId);
  return { did: 'create', started: request };
}

async function keepInStep(plan: Plan<'keep' | 'update' | 'replace'>, beside: Beside): Promise<Reconciled> {
  const { schedule, found } = plan;
  const { schedules } = beside;
  const start = startOf(plan, beside);
  const started = start.do === 'start' ? start.request : undefined;
  const request = started ?? (plan.do === 'replace' ? undefined : found.runs.lastRequest);
  // The name is written before the start: a start that gets lost in between is made again, never doubled.
  if (plan.do !== 'keep' || request !== found.runs.lastRequest) await schedules.update(schedule, request);
  if (started !== undefined) await schedules.trigger(schedule.scheduleId);
  const lookAgainAfterMs = start.do === 'lookAgain' ? start.afterMs : undefined;
  return { did: plan.do, started, lookAgainAfterMs, lostSlots: found.lostSlots };
}

function startOf(plan: Plan<'keep' | 'update' | 'replace'>, { now, trigger }: Beside): StartPlan {
  const { do: what, schedule, object, found } = plan;
  if (!startable(schedule)) return { do: 'nothing' };
  // The cancelled run of the old object: Temporal starts the next one when it has ended.
  const runs = what === 'replace' ? { ...found.runs, running: false, lastRequest: undefined } : found.runs;
  return planStart(object, runs, { now, trigger });
}

function startable(schedule: WantedSchedule): boolean {
  return !schedule.paused && schedule.refusal === undefined;
}

async function cancelRuns(found: StandingSchedule, schedules: Schedules): Promise<void> {
  for (const workflowId of found.runningWorkflowIds) await schedules.cancelRun(workflowId);
}
