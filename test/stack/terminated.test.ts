// A sync that a person terminates runs nothing at its end: the controller does that for it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { LABELS, runAnnotations, runLabels } from '../../domain/names.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

const GONE_WITHIN_MS = 60_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('a sync that a person terminates', () => {
  it('while it waits: the application and the status are told, and the next trigger is served', async () => {
    const application = await anApplication();
    const run = await application.latestRun();
    await terminate(application, run);

    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toContain(`SyncEnded: The sync ${run} was terminated`);
    expect(failed).not.toHaveProperty(A.waitingSince);
    const status = await application.sourceStatus(({ lastSyncStartTime }) => lastSyncStartTime === undefined);
    expect(status.conditions).toMatchObject([{ status: 'False', reason: 'Error' }]);
    expect(status.conditions?.[0]?.message).toContain(`The sync ${run} was terminated`);
    expect(await application.temporaryObjects()).toEqual([]);

    await succeeds(application);
    await application.remove();
  });

  it('while it stands still for the copy: the application is released, and the half-made copy is dropped', async () => {
    const application = await anApplication({ volumeSnapshotClassName: 'dir-fail' });
    const run = await application.latestRun();
    await application.setTrigger('trigger-1');
    await application.copyStatus('InProgress');
    await until(
      [world.cluster.volumeSnapshots.watch()],
      () => world.cluster.volumeSnapshots.watch().list(application.namespace)[0],
      AbortSignal.timeout(GONE_WITHIN_MS),
    );
    await terminate(application, run);

    const failed = await application.copyStatus('Failed');
    expect(failed).toMatchObject({ [A.latestCopyTrigger]: 'trigger-1' });
    expect(failed).not.toHaveProperty(A.releaseBy);
    await nothingStays(application);
    await application.remove();
  });

  it('while its mover runs: Job and copies go, and the next sync works', async () => {
    const application = await anApplication();
    const run = await application.latestRun();
    await application.setTrigger('trigger-1');
    await until(
      [world.cluster.jobs.watch()],
      () => world.cluster.jobs.watch().list(application.namespace)[0],
      AbortSignal.timeout(GONE_WITHIN_MS),
    );
    await terminate(application, run);

    const status = await application.sourceStatus(({ lastSyncStartTime }) => lastSyncStartTime === undefined);
    expect(status).not.toHaveProperty('lastSyncTime');
    expect(status.latestMoverStatus).toMatchObject({ result: 'Failed' });
    await nothingStays(application);
    // The copy was taken and the application let go long before: nothing of that is taken back.
    expect(await application.copyStatus('Completed')).toMatchObject({ [A.latestCopyTrigger]: 'trigger-1' });

    await succeeds(application);
    await application.remove();
  });

  it('and whose worker still makes something afterwards: that goes, too', async () => {
    const application = await anApplication();
    const run = await application.latestRun();
    await terminate(application, run);
    await application.copyStatus('Failed');
    const { metadata } = (await world.cluster.sources.get(application.source)) ?? {};
    const late = { namespace: application.namespace, name: 'late-copy' };
    const appeared = world.cluster.pvcs
      .watch()
      .waitFor(late, (pvc) => pvc && true, AbortSignal.timeout(GONE_WITHIN_MS));
    await world.cluster.pvcs.create({
      metadata: {
        ...late,
        labels: runLabels({ uid: metadata?.uid ?? '' }, run),
        annotations: runAnnotations(run),
      },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await appeared;
    await nothingStays(application);
    await application.remove();
  });
});

/** A source whose first sync has asked the application. */
async function anApplication(restic = {}): Promise<Application> {
  const application = new Application(world);
  await application.install({ [A.useCopyTrigger]: '' });
  await application.shell('echo one > /data/records; sync');
  await application.replicate({ copyMethod: 'Snapshot', ...restic });
  await application.copyStatus('WaitingForTrigger');
  await application.sourceStatus(({ lastSyncStartTime }) => lastSyncStartTime !== undefined);
  return application;
}

async function terminate(application: Application, run: string): Promise<void> {
  await application.temporalCli('workflow', 'terminate', '--workflow-id', run, '--reason', 'a test');
}

/** The next sync, started by a person, asks and answers as if nothing had happened. */
async function succeeds(application: Application): Promise<void> {
  await application.syncNow();
  await application.copyStatus('WaitingForTrigger');
  await application.setTrigger('next-trigger');
  await application.copyStatus('Completed', (found) => found[A.latestCopyTrigger] === 'next-trigger');
  const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
  expect(status.latestMoverStatus).toMatchObject({ result: 'Successful' });
  await application.report(await application.latestRun());
  expect(await application.temporaryObjects()).toEqual([]);
}

async function nothingStays(application: Application): Promise<void> {
  const { volumeSnapshots, pvcs, jobs, pods } = world.cluster;
  const kinds = [volumeSnapshots, pvcs, jobs, pods].map((resource) => resource.watch());
  const left = () =>
    kinds
      .flatMap((watch): readonly { metadata: { labels?: object } }[] => watch.list(application.namespace))
      .filter(({ metadata }) => LABELS.run in (metadata.labels ?? {}));
  await until(kinds, () => left().length === 0 || undefined, AbortSignal.timeout(GONE_WITHIN_MS));
  expect(await application.temporaryObjects()).toEqual([]);
}
