// The worker killed at the worst moments: nothing of a sync is lost with it.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { startOwn, stopOwn } from '../../tools/own-processes.ts';
import { TEST_SETTINGS } from '../stack/global-setup.ts';
import { Application, openWorld, statusesOf } from '../stack/world.ts';
import type { World } from '../stack/world.ts';

// A worker that died while an application stood still is noticed after 4 s of silence; another one has taken
// over after 10 s at the latest.
const TAKEN_UP_WITHIN_MS = 10_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function killWorker(): Promise<void> {
  await stopOwn('worker', inject('stack').folder, 'SIGKILL');
}

async function startWorker(): Promise<void> {
  const { folder, kubeconfig, temporalAddress } = inject('stack');
  const env = { ...TEST_SETTINGS, KUBECONFIG: kubeconfig, TEMPORAL_ADDRESS: temporalAddress };
  await startOwn({ program: 'worker', folder, env });
}

async function waiting(volumeSnapshotClassName: string): Promise<Application> {
  const application = new Application(world);
  await application.install({ [A.useCopyTrigger]: '' });
  await application.shell('echo one > /data/records; sync');
  await application.replicate({ copyMethod: 'Snapshot', volumeSnapshotClassName });
  await application.copyStatus('WaitingForTrigger');
  return application;
}

describe('a worker that is killed', () => {
  it('while a sync waits: the trigger that comes meanwhile is not lost', async () => {
    const application = await waiting('dir');
    await killWorker();
    await application.setTrigger('while-dead');
    await startWorker();
    await application.copyStatus(
      'Completed',
      (annotations) => annotations[A.latestCopyTrigger] === 'while-dead',
    );
    await application.report(await application.latestRun());
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('while the application stands still: it is taken up within ten seconds, with the same copy', async () => {
    const application = await waiting('dir-slow-cut');
    const statuses = statusesOf(application);
    await application.setTrigger('frozen');
    await application.copyStatus('InProgress');
    await snapshotOf(application);
    await killWorker();
    const killed = Date.now();
    await startWorker();
    await application.copyStatus('Completed');
    expect(Date.now() - killed).toBeLessThan(TAKEN_UP_WITHIN_MS);
    expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed']);
    const report = await application.report(await application.latestRun());
    expect(report.copy).toMatchObject({ trigger: 'frozen' });
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('right after the release: the sync goes on with the copy that was answered', async () => {
    const application = await waiting('dir');
    const statuses = statusesOf(application);
    await application.setTrigger('released');
    await application.copyStatus('Completed');
    await killWorker();
    await startWorker();
    const report = await application.report(await application.latestRun());
    expect(report.copy).toMatchObject({ trigger: 'released' });
    expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed']);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('while the mover runs: it is found again, not started again', async () => {
    const application = await waiting('dir');
    await application.setTrigger('moving');
    const job = await jobOf(application);
    await killWorker();
    await startWorker();
    const jobs = new Set([job]);
    const { jobs: resource } = world.cluster;
    const stop = resource.watch().subscribe((ref, seen) => {
      if (ref.namespace === application.namespace && seen?.metadata.uid !== undefined)
        jobs.add(seen.metadata.uid);
    });
    const report = await application.report(await application.latestRun());
    stop();
    expect([...jobs]).toEqual([job]);
    expect(report.moved.snapshotId).toMatch(/^[0-9a-f]{64}$/);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });
});

/** Resolves when the copy's VolumeSnapshot stands there. */
async function snapshotOf(application: Application): Promise<void> {
  const watch = world.cluster.volumeSnapshots.watch();
  await until([watch], () => watch.list(application.namespace)[0], AbortSignal.timeout(60_000));
}

/** The uid of the mover's Job, once it stands there. */
async function jobOf(application: Application): Promise<string> {
  const watch = world.cluster.jobs.watch();
  return until(
    [watch],
    () => watch.list(application.namespace)[0]?.metadata.uid,
    AbortSignal.timeout(60_000),
  );
}
