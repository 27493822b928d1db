// One cell of the matrix about a destination: a fault while it restores, waits for its sender, or makes its image. What
// was to arrive arrives all the same, whole and once.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { until } from '../../activities/watching.ts';
import type { DestinationCell, DestinationPhaseName } from '../../tools/matrix/cells.ts';
import { pauseService, resumeService } from '../../tools/stack/faults.ts';
import { stackName } from '../stack-faults/scenario.ts';
import {
  aBackup,
  answered,
  bytesIn,
  bytesOf,
  createDestination,
  DYNAMIC,
} from '../stack/destination-scenario.ts';
import { answer, aPair, copySecret, createIdleSource } from '../stack/movers/pair.ts';
import { PATIENCE } from '../stack/window-scenario.ts';
import type { Application, World } from '../stack/world.ts';
import { strike } from './place.ts';
import type { Place } from './place.ts';

export interface DestinationCellRun {
  readonly world: World;
  readonly place: Place;
  readonly cell: DestinationCell;
  readonly draw: () => number;
}

/** The fault comes so long after the beginning of the phase, at most. */
const SPAN_MS = 3_000;

const RUNS: Readonly<Record<DestinationPhaseName, (running: DestinationCellRun) => Promise<void>>> = {
  restoring,
  receiving,
  imaging,
};

export async function runDestinationCell(running: DestinationCellRun): Promise<void> {
  await RUNS[running.cell.phase](running);
}

async function restoring(running: DestinationCellRun): Promise<void> {
  const application = await aBackup(running.world);
  await pauseService(stackName(), 'object-store'); // The mover runs until its repository answers.
  try {
    await createDestination(application, { restic: { ...DYNAMIC, copyMethod: 'Direct' } });
    await moverRuns(application);
    await struck(running);
  } finally {
    await resumeService(stackName(), 'object-store');
  }
  const { latestImage } = await answered(application, 'first');
  expect(await bytesIn(application, latestImage?.name ?? '')).toBe(await bytesOf(application));
  await leavesNothing(application);
}

async function imaging(running: DestinationCellRun): Promise<void> {
  const application = await aBackup(running.world);
  const volumeSnapshotClassName = 'dir-slow-ready';
  await createDestination(application, { restic: { ...DYNAMIC, volumeSnapshotClassName } });
  const { volumeSnapshots } = application.world.cluster;
  const image = () =>
    volumeSnapshots
      .watch()
      .list(application.namespace)
      .find(({ status }) => status?.creationTime !== undefined && status.readyToUse === false);
  await until([volumeSnapshots.watch()], image, AbortSignal.timeout(PATIENCE.timeout));
  await struck(running);
  const { latestImage } = await answered(application, 'first');
  const images = await volumeSnapshots.list({ namespace: application.namespace });
  expect(images.map(({ metadata }) => metadata.name)).toEqual([latestImage?.name]);
  expect(images[0]?.status?.readyToUse).toBe(true);
  await leavesNothing(application);
}

async function receiving(running: DestinationCellRun): Promise<void> {
  const pair = await aPair(running.world, { privileged: true });
  const { application, destination } = pair;
  await application.shell('head -c 3000000 /dev/urandom > /data/large; sync');
  await destination.create({ rsyncTLS: { ...DYNAMIC }, trigger: { manual: 'first' } });
  const { rsyncTLS } = await destination.status(
    ({ rsyncTLS: said }) => said?.address !== undefined && said.keySecret !== undefined,
  );
  await moverRuns(destination.place);
  await struck(running);
  const published = { namespace: destination.namespace, name: rsyncTLS?.keySecret ?? '' };
  await copySecret(published, application, 'key');
  const address = rsyncTLS?.address;
  await createIdleSource(application, { rsyncTLS: { copyMethod: 'Snapshot', keySecret: 'key', address } });
  await answer(application, 'first');
  await destination.status(({ lastManualSync }) => lastManualSync === 'first');
  const digest = 'sha256sum /data/large';
  expect(await destination.shell(digest)).toBe(await application.shell(digest));
  await pair.remove();
}

async function struck({ world, place, cell, draw }: DestinationCellRun): Promise<void> {
  await sleep(draw() * SPAN_MS);
  await strike(place, cell.fault, 0);
  // The owner's tools try again where the API server is away.
  await vi.waitFor(() => world.cluster.namespaces.get({ namespace: '', name: 'default' }), PATIENCE);
}

async function moverRuns({ world, namespace }: Application): Promise<void> {
  const { pods } = world.cluster;
  const running = () =>
    pods
      .watch()
      .list(namespace)
      .find(({ status }) => status?.phase === 'Running');
  await until([pods.watch()], running, AbortSignal.timeout(PATIENCE.timeout));
}

async function leavesNothing(application: Application): Promise<void> {
  expect(await application.temporaryObjects()).toEqual([]);
  await application.remove();
}
