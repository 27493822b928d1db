// One cell of the matrix: one sync of an application of its own, a fault inside one of its phases, and what must come of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import type { Cell } from '../../tools/matrix/cells.ts';
import { pauseService, resumeService } from '../../tools/stack/faults.ts';
import { stackName } from '../stack-faults/scenario.ts';
import { PATIENCE, answersOf, latestRun } from '../stack/window-scenario.ts';
import { Application } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { HELD_MS, PHASE, look } from './phases.ts';
import type { Phase } from './phases.ts';
import { strike } from './place.ts';
import type { Place } from './place.ts';

export interface CellRun {
  readonly world: World;
  readonly place: Place;
  readonly cell: Cell;
  readonly draw: () => number;
}

/** A phase may be over before its moment comes: then again, with an earlier one. */
const ATTEMPTS = 4;
const STALL = { leastMs: 5_000, mostMs: 14_000 };
const SOON = { timeout: 60_000, interval: 50 };

export async function runCell(running: CellRun): Promise<void> {
  const moment = running.draw();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const application = new Application(running.world);
    const answers = answersOf(application);
    if (await hit(running, application, moment / 2 ** attempt)) return endsWell(application, answers);
    await application.remove();
  }
  throw new Error(`the phase ${running.cell.phase} was over before its moment, ${ATTEMPTS} times`);
}

/** False when the phase was over before the moment, a share of its span, had come. */
async function hit(
  { place, cell, draw }: CellRun,
  application: Application,
  moment: number,
): Promise<boolean> {
  const phase = PHASE[cell.phase];
  await application.install({ [A.useCopyTrigger]: '' });
  await application.shell('echo one > /data/records; sync');
  const { namespace } = application;
  const holds =
    phase.held &&
    place.proxy.breaks(
      { ...phase.held, namespace, userAgent: 'stillpoint/worker' },
      { kind: 'held', ms: HELD_MS },
    );
  if (phase.repositoryStandsStill) await pauseService(stackName(), 'object-store');
  try {
    await upTo(phase, application);
    await sleep(moment * phase.spanMs);
    if (!phase.is(look(application))) return false;
    await strike(place, cell.fault, STALL.leastMs + draw() * (STALL.mostMs - STALL.leastMs));
  } finally {
    holds?.lift();
    if (phase.repositoryStandsStill) await resumeService(stackName(), 'object-store');
  }
  if (phase.after !== 'triggered') await answerOnceAsked(application);
  return true;
}

/** Resolves at the beginning of the phase. */
async function upTo(phase: Phase, application: Application): Promise<void> {
  const { volumeSnapshotClassName } = phase;
  await application.replicate({
    copyMethod: 'Snapshot',
    ...(volumeSnapshotClassName !== undefined && { volumeSnapshotClassName }),
  });
  if (phase.after === 'triggered') await answerOnceAsked(application);
  const { pvcs, volumeSnapshots, jobs, pods } = application.world.cluster;
  const watches = [pvcs, volumeSnapshots, jobs, pods].map((resource) => resource.watch());
  const begun = () => phase.is(look(application)) || undefined;
  await until(watches, begun, AbortSignal.timeout(PATIENCE.timeout));
}

// The owner's tools try again where the API server is away.
async function answerOnceAsked(application: Application): Promise<void> {
  await application.copyStatus('WaitingForTrigger');
  await vi.waitFor(() => application.setTrigger('t1'), SOON);
}

/** Well, or with an honest failure that the next sync makes good. */
async function endsWell(application: Application, answers: ReturnType<typeof answersOf>): Promise<void> {
  const { [A.latestCopyStatus]: status } = await answered(application, 't1');
  const first = await ended(application, await latestRun(application));
  if (status === 'Failed' || first === undefined) {
    await vi.waitFor(() => application.setTrigger('t2'), SOON);
    if (status !== 'Failed') await application.syncNow();
    expect((await answered(application, 't2'))[A.latestCopyStatus]).toBe('Completed');
    await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
  }
  await application.sourceStatus(({ latestMoverStatus }) => latestMoverStatus?.result === 'Successful');
  const triggers = answers.map(({ trigger }) => trigger);
  expect(triggers).toEqual([...new Set(triggers)]);
  await vi.waitUntil(async () => (await left(application)).length === 0, PATIENCE);
  expect(await application.shell('cat /data/records')).toBe('one\n');
  await application.remove();
}

/** The pvc's annotations once the trigger is answered, however. */
async function answered(
  application: Application,
  trigger: string,
): Promise<Readonly<Record<string, string>>> {
  const fits = (annotations: Readonly<Record<string, string>>) =>
    annotations[A.latestCopyTrigger] === trigger;
  return Promise.race([application.copyStatus('Completed', fits), application.copyStatus('Failed', fits)]);
}

/** What the sync reports; undefined when it failed. Temporal may be away for a moment. */
async function ended(application: Application, run: string) {
  const handle = application.world.temporal.workflow.getHandle(run);
  const closed = async () => {
    const { status } = await handle.describe();
    return status.name === 'RUNNING' ? undefined : status.name;
  };
  const name = await vi.waitUntil(() => closed().catch(() => undefined), PATIENCE);
  return name === 'COMPLETED' ? application.report(run) : undefined;
}

async function left(application: Application): Promise<readonly string[]> {
  return application.temporaryObjects().catch(() => ['unknown']);
}
