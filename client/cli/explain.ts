// `explain`: gathers what cluster and Temporal say of a source; explanation.ts makes the sentence of it.
import type { ScheduleDescription } from '@temporalio/client';
import type { ReplicationSource } from '../../api/replication-source.ts';
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { MOVER_TASK_QUEUE, TASK_QUEUE } from '../../domain/messages.ts';
import { isRefused } from '../../kubernetes/kubernetes-error.ts';
import type { Run } from './catalogue.ts';
import { requiredWord } from './durations.ts';
import { EXIT } from './exit.ts';
import { explain } from './explanation.ts';
import type { Facts, TemporalFacts } from './explanation.ts';
import { refOf, sourceAt } from './place.ts';
import type { Place } from './place.ts';
import { viewSource } from './source-view.ts';
import type { TemporalSide } from './temporal-side.ts';
import { pollersOf } from './task-queues.ts';

export const run: Run = async (place, typed) => {
  const name = requiredWord(typed);
  const { out } = place;
  const { sentence, advice, evidence } = explain(
    await gather(place, refOf(place, name), await sourceAt(place, name)),
  );
  if (out.format === 'json' || out.format === 'yaml') {
    await out.data({ sentence, advice, evidence: evidence.map(([what, value]) => ({ what, value })) });
    return EXIT.done;
  }
  out.line(out.ink('bold', sentence));
  if (advice !== undefined) out.line(`  → ${advice}`);
  const width = Math.max(...evidence.map(([what]) => what.length)) + 2;
  out.line('');
  for (const [what, value] of evidence) out.line(`  ${out.ink('dim', what.padEnd(width))}${value}`);
  return EXIT.done;
};

async function gather(place: Place, ref: ObjectRef, source: ReplicationSource): Promise<Facts> {
  const { cluster } = place;
  const [pvc, warnings, temporal] = await Promise.all([
    pvcOf(place, source),
    cluster.warningsAbout(source).catch((): readonly string[] => []),
    temporalFacts(place, ref),
  ]);
  return { source, pvc, view: viewSource(source, pvc), now: cluster.now(), temporal, warnings };
}

async function pvcOf(
  { cluster }: Place,
  { metadata: { namespace = '' }, spec }: ReplicationSource,
): Promise<PersistentVolumeClaim | undefined> {
  if (spec?.sourcePVC === undefined) return undefined;
  return cluster.pvcs.get({ namespace, name: spec.sourcePVC });
}

async function temporalFacts(place: Place, ref: ObjectRef): Promise<Facts['temporal']> {
  try {
    const { temporalSide } = await import('./temporal-side.ts');
    return await ask(temporalSide(await place.temporal()), ref);
  } catch (error) {
    if (isRefused(error)) throw error;
    return { unreachable: error instanceof Error ? error.message : String(error) };
  }
}

async function ask(temporal: TemporalSide, ref: ObjectRef): Promise<TemporalFacts> {
  const { client, namespace } = temporal;
  const pollers = (queue: string) => pollersOf(client.connection, namespace, queue);
  const [schedule, workers, moverWorkers] = await Promise.all([
    temporal.schedule(ref),
    pollers(TASK_QUEUE),
    pollers(MOVER_TASK_QUEUE),
  ]);
  return {
    schedule: schedule && scheduleFacts(schedule),
    ...(await runFacts(temporal, schedule)),
    workers,
    moverWorkers,
  };
}

function scheduleFacts({ state, info }: ScheduleDescription): TemporalFacts['schedule'] {
  return {
    paused: state.paused,
    note: state.note,
    next: info.nextActionTimes.map((time) => time.getTime()),
    starts: info.numActionsTaken,
  };
}

async function runFacts(
  temporal: TemporalSide,
  schedule: ScheduleDescription | undefined,
): Promise<Pick<TemporalFacts, 'running' | 'latest'>> {
  if (schedule === undefined) return {};
  const { runningActions, recentActions } = schedule.info;
  const running = runningActions.at(0)?.workflow.workflowId;
  const latest = recentActions
    .map(({ action }) => action.workflow.workflowId)
    .findLast((id) => id !== running);
  const look = running === undefined ? undefined : await temporal.look(running);
  const record = latest === undefined ? undefined : await temporal.record(latest).catch(() => undefined);
  return {
    ...(running !== undefined && look?.status === 'RUNNING' && { running: { id: running, look } }),
    ...(latest !== undefined && record !== undefined && { latest: { id: latest, record } }),
  };
}
