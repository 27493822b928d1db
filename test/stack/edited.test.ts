// What is edited while a sync runs. Until the trigger is accepted the plan follows the source, validated again; from
// then on the sync keeps its plan, and the edit is the next one's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../activities/watching.ts';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { LABELS } from '../../domain/names.ts';
import {
  aWaitingSync,
  anApplication,
  annotate,
  bound,
  createPvc,
  createSecret,
  createSource,
  edit,
  latestRun,
  moverPod,
  nothingStays,
  PATIENCE,
  pvcOf,
  reasonOfFailure,
} from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('a source that is edited in mid-wait', () => {
  it('is copied as it is when the trigger comes (row 4)', async () => {
    const { application, run } = await aWaitingSync(world);
    const copies = copiesOf(application);
    await edit(application, { restic: { copyMethod: 'Clone', capacity: '2Gi' } });
    await application.setTrigger('after-the-edit');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'after-the-edit' });
    expect(copies).toMatchObject([
      {
        spec: { dataSource: { kind: 'PersistentVolumeClaim' }, resources: { requests: { storage: '2Gi' } } },
      },
    ]);
    await nothingStays(application);
    await application.remove();
  });

  it.each([
    ['two movers', { rclone: { rcloneConfig: 'rclone-secret', copyMethod: 'Snapshot' } }, 'SourceInvalid'],
    ['a Secret that is absent', { restic: { repository: 'absent' } }, 'SecretMissing'],
    ['a class that is absent', { restic: { volumeSnapshotClassName: 'absent' } }, 'ClassMissing'],
    ['a pvc that is absent', { sourcePVC: 'absent' }, 'PvcMissing'],
  ])(
    'so that it names %s: the application need not quiesce any more, and one sentence says why (row 9)',
    async (_, spec, reason) => {
      const { application, run } = await aWaitingSync(world);
      await edit(application, spec);
      const failed = await application.copyStatus('Failed');
      expect(failed[A.latestCopyError]).toMatch(new RegExp(`^${reason}: `));
      expect(failed).not.toHaveProperty(A.waitingSince);
      expect(await reasonOfFailure(application, run)).toBe(reason);
      const { conditions } = await application.sourceStatus((now) => now.conditions?.[0]?.reason === 'Error');
      expect(failed[A.latestCopyError]).toBe(`${reason}: ${conditions?.[0]?.message}`);
      await nothingStays(application);
      await application.remove();
    },
  );

  it('so that it names another pvc: the one is asked no longer, the other is asked (rows 9 and 1)', async () => {
    const { application, run } = await aWaitingSync(world);
    const other = { namespace: application.namespace, name: 'other-pvc' };
    await createPvc(application, { [A.useCopyTrigger]: '' }, { name: other.name });
    await bound({ world, pvc: other });
    await edit(application, { sourcePVC: 'other-pvc' });
    await application.copyStatus('Failed');
    const asked = () => world.cluster.pvcs.watch().get(other)?.metadata.annotations?.[A.latestCopyStatus];
    await until([world.cluster.pvcs.watch()], () => asked() === 'WaitingForTrigger' || undefined, patience());
    await world.cluster.pvcs.patch(other, { metadata: { annotations: { [A.copyTrigger]: 'of-the-other' } } });
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'of-the-other' });
    await application.remove();
  });

  it('so that it copies Direct: the application is asked no longer (row 9)', async () => {
    const { application, run } = await aWaitingSync(world);
    await edit(application, { restic: { copyMethod: 'Direct' } });
    await application.report(run);
    const released = await application.copyStatus('Failed');
    expect(released).not.toHaveProperty(A.waitingSince);
    await nothingStays(application);
    await application.remove();
  });
});

describe.concurrent('a Secret that is deleted in mid-wait', () => {
  it('is missed by the mover only: the application is let go, and the sync goes on once it is back', async () => {
    const { application, run } = await aWaitingSync(world);
    await world.cluster.secrets.delete({ namespace: application.namespace, name: 'restic-secret' });
    await application.setTrigger('without-a-secret');
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('without-a-secret');
    await moverPod(application, 'Pending');
    await createSecret(application);
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'without-a-secret' });
    await nothingStays(application);
    await application.remove();
  });
});

describe.concurrent('a source that is edited after the acceptance', () => {
  it('while frozen: this sync keeps its plan, the next one follows the edit', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    const copies = copiesOf(application);
    await application.setTrigger('first');
    await application.copyStatus('InProgress');
    await edit(application, { restic: { capacity: '2Gi', volumeSnapshotClassName: null } });
    await application.report(run);
    await application.syncNow();
    await application.copyStatus('WaitingForTrigger');
    await application.setTrigger('second');
    await application.report(await latestRun(application, run));
    expect(copies.map(({ spec }) => spec?.resources?.requests?.storage)).toEqual(['1Gi', '2Gi']);
    await application.remove();
  });

  it('so that its schedule cannot be read: the sync ends well, and then the source says so (SM-12)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    await application.setTrigger('first');
    await application.copyStatus('InProgress');
    await edit(application, { trigger: { schedule: '0 0 31 2 *' } });
    await application.report(run);
    const status = await application.sourceStatus(
      ({ lastSyncTime, conditions }) => lastSyncTime !== undefined && conditions?.[0]?.reason === 'Error',
    );
    expect(status.latestMoverStatus?.result).toBe('Successful');
    expect(status.conditions?.[0]?.message).toContain('no day of the calendar matches it');
    expect(status).not.toHaveProperty('nextSyncTime');
    await application.remove();
  });
});

describe.concurrent('a pvc that opts in', () => {
  it('in mid-sync: this sync writes nothing on it, the next one asks (row 1)', async () => {
    const application = await anApplication(world, {});
    await createSource(application, { restic: { volumeSnapshotClassName: 'dir-slow-cut' } });
    await application.sourceStatus(({ lastSyncStartTime }) => lastSyncStartTime !== undefined);
    await until(
      [world.cluster.volumeSnapshots.watch()],
      () => world.cluster.volumeSnapshots.watch().list(application.namespace)[0],
      patience(),
    );
    await annotate(application, { [A.useCopyTrigger]: '', [A.copyTrigger]: 'not-for-this-sync' });
    const run = await latestRun(application);
    expect((await application.report(run)).copy).not.toHaveProperty('trigger');
    expect(Object.keys(pvcOf(application)?.metadata.annotations ?? {})).not.toContain(A.latestCopyStatus);

    await application.syncNow();
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('not-for-this-sync');
    await application.remove();
  });
});

/** Every PVC that a sync makes to read the copy from, from now on. */
function copiesOf(application: Application): PersistentVolumeClaim[] {
  const copies = new Map<string, PersistentVolumeClaim>();
  const list: PersistentVolumeClaim[] = [];
  world.cluster.pvcs.watch().subscribe((ref, pvc) => {
    const run = pvc?.metadata.labels?.[LABELS.run];
    if (ref.namespace !== application.namespace || pvc === undefined || run === undefined) return;
    if (!copies.has(ref.name)) list.push(pvc);
    copies.set(ref.name, pvc);
  });
  return list;
}

function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE.timeout);
}
