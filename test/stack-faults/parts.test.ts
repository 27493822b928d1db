// Every other part killed once, at the worst moment: while the application stands still, or while a sync waits.
import { basename, dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { startOwn, stopOwn } from '../../tools/own-processes.ts';
import { crashService, startService, stopService } from '../../tools/stack/faults.ts';
import { TEST_SETTINGS } from '../stack/global-setup.ts';
import { Application, openWorld, statusesOf } from '../stack/world.ts';
import type { World } from '../stack/world.ts';

const stack = basename(dirname(inject('stack').kubeconfig));

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function waiting(volumeSnapshotClassName: string): Promise<Application> {
  const application = new Application(world);
  await application.install({ [A.useCopyTrigger]: '' });
  await application.shell('echo one > /data/records; sync');
  await application.replicate({ copyMethod: 'Snapshot', volumeSnapshotClassName });
  await application.copyStatus('WaitingForTrigger');
  return application;
}

/** The sync ends well: its trigger answered once, its data moved, nothing left. */
async function endsWell(application: Application, trigger: string): Promise<void> {
  const report = await application.report(await application.latestRun());
  expect(report.copy).toMatchObject({ trigger });
  expect(report.moved.snapshotId).toMatch(/^[0-9a-f]{64}$/);
  expect(await application.temporaryObjects()).toEqual([]);
  await application.remove();
}

describe('killed while the application stands still', () => {
  it.each(['kube-apiserver', 'etcd', 'snapshot-controller', 'csi-snapshotter', 'csi-driver'] as const)(
    '%s: the application is released all the same, and the sync ends well',
    async (service) => {
      const application = await waiting('dir-slow-cut');
      const statuses = statusesOf(application);
      await application.setTrigger('t1');
      await application.copyStatus('InProgress');
      await crashService(stack, service);
      const completed = await application.copyStatus('Completed');
      expect(completed[A.latestCopyTrigger]).toBe('t1');
      expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed']);
      await endsWell(application, 't1');
    },
  );

  it('Temporal: the application is released while Temporal is still dead', async () => {
    const application = await waiting('dir-slow-cut');
    await application.setTrigger('t1');
    await application.copyStatus('InProgress');
    await stopService(stack, 'temporal');
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('t1');
    await startService(stack, 'temporal');
    await endsWell(application, 't1');
  });
});

describe('killed while a sync waits', () => {
  it('the controller: a trigger that comes meanwhile is not lost', async () => {
    const application = await waiting('dir');
    const { folder, kubeconfig, temporalAddress } = inject('stack');
    await stopOwn('controller', folder, 'SIGKILL');
    await application.setTrigger('t1');
    const env = { ...TEST_SETTINGS, KUBECONFIG: kubeconfig, TEMPORAL_ADDRESS: temporalAddress };
    await startOwn({ program: 'controller', folder, env });
    await application.copyStatus('Completed');
    await endsWell(application, 't1');
  });

  it('Temporal: a trigger that comes meanwhile is not lost', async () => {
    const application = await waiting('dir');
    await stopService(stack, 'temporal');
    await application.setTrigger('t1');
    await startService(stack, 'temporal');
    await application.copyStatus('Completed');
    await endsWell(application, 't1');
  });
});
