// `sync`: one start through the source's schedule, as the controller does it, so that two never run at once.
import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { ScheduleDescription } from '@temporalio/client';
import { sourceScheduleId } from '../../domain/messages.ts';
import { pause } from '../../kubernetes/backoff.ts';
import type { ObjectRef } from '../../api/kubernetes.ts';
import type { Run } from './catalogue.ts';
import { durationFlag, requiredWord } from './durations.ts';
import { CliError, EXIT } from './exit.ts';
import { follow } from './follow.ts';
import { refOf, sourceAt } from './place.ts';
import type { Place } from './place.ts';
import { temporalSide } from './temporal-side.ts';
import type { TemporalSide } from './temporal-side.ts';

export const run: Run = async (place, typed) => {
  const name = requiredWord(typed);
  const timeoutMs = durationFlag(typed, 'timeout');
  const source = await sourceAt(place, name);
  const ref = refOf(place, name);
  const temporal = temporalSide(await place.temporal());
  const before = startable(ref, await temporal.schedule(ref), source.spec?.paused === true);
  await temporal.client.schedule.getHandle(sourceScheduleId(ref)).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
  const running = before.info.runningActions.length > 0;
  const when = running ? 'starts when the one that runs has ended' : 'starts';
  place.out.line(`replicationsource ${ref.namespace}/${ref.name}: a sync ${when}`);
  if (typed.flags['wait'] === false) return EXIT.done;
  const started = await nextRun(place, { temporal, ref, before, timeoutMs });
  return follow(place, { ref, run: started, temporal, timeoutMs });
};

function startable(
  { namespace, name }: ObjectRef,
  schedule: ScheduleDescription | undefined,
  pausedInSpec: boolean,
): ScheduleDescription {
  const what = `ReplicationSource ${namespace}/${name}`;
  if (schedule === undefined)
    throw new CliError(
      `${what} has no schedule in Temporal: the controller is not running, or does not serve it; "kubectl stillpoint doctor" looks.`,
      EXIT.unavailable,
    );
  if (pausedInSpec)
    throw new CliError(`${what} is paused; "kubectl stillpoint resume -n ${namespace} ${name}" first.`);
  if (schedule.state.paused)
    throw new CliError(
      `The schedule of ${what} is paused in Temporal (${schedule.state.note ?? 'without a note'}); unpause it with "temporal schedule toggle --unpause --schedule-id ${schedule.scheduleId}".`,
    );
  return schedule;
}

interface Awaited {
  readonly temporal: TemporalSide;
  readonly ref: ObjectRef;
  readonly before: ScheduleDescription;
  readonly timeoutMs: number | undefined;
}

const LOOK_EVERY_MS = 300;

// A run that is started now is the first that was not there before.
async function nextRun(place: Place, { temporal, ref, before, timeoutMs }: Awaited): Promise<string> {
  const known = new Set(runsOf(before));
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  while (Date.now() < until && !place.interrupted.aborted) {
    const schedule = await temporal.schedule(ref);
    const started = schedule === undefined ? undefined : runsOf(schedule).find((id) => !known.has(id));
    if (started !== undefined) return started;
    await pause(LOOK_EVERY_MS, place.interrupted);
  }
  if (place.interrupted.aborted) throw place.interrupted.reason;
  throw new CliError(
    'The sync has not started yet: the one before still runs. It will start.',
    EXIT.timedOut,
  );
}

function runsOf({ info }: ScheduleDescription): readonly string[] {
  return [
    ...info.recentActions.map(({ action }) => action.workflow.workflowId),
    ...info.runningActions.map(({ workflow }) => workflow.workflowId),
  ];
}
