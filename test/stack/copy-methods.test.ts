// The copy methods, and where the copy's size, class and access modes come from (reference/VolSync §4): the mover's
// section of the spec, then the storage, then the pvc.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { copyName, LABELS } from '../../domain/names.ts';
import { claimOf, consistenciesOf, recordMade } from './made-objects.ts';
import type { Made } from './made-objects.ts';
import {
  aWaitingSync,
  anApplication,
  createSource,
  latestRun,
  nothingStays,
  pvcOf,
  reasonOfFailure,
  snapshotOf,
  windowIn,
} from './window-scenario.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('a copy by Snapshot', () => {
  it('is of the default snapshot class, and as large and of the class and modes of the pvc', async () => {
    const { application, run } = await aWaitingSync(world);
    const made = await syncOf(application, run);
    expect(made.snapshots).toMatchObject([{ spec: { source: { persistentVolumeClaimName: 'data-pvc' } } }]);
    const [snapshot] = made.snapshots;
    // Left to the storage, which may have filled it in already.
    expect([undefined, 'dir']).toContain(snapshot?.spec?.['volumeSnapshotClassName']);
    expect(made.pvcs).toMatchObject([
      {
        metadata: { name: snapshot?.metadata.name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'dir',
          volumeMode: 'Filesystem',
          resources: { requests: { storage: '1Gi' } },
          dataSource: {
            apiGroup: 'snapshot.storage.k8s.io',
            kind: 'VolumeSnapshot',
            name: snapshot?.metadata.name,
          },
        },
      },
    ]);
    await application.remove();
  });

  it('is as the source says, whatever the pvc is', async () => {
    const { application, run } = await aWaitingSync(world, {
      volumeSnapshotClassName: 'dir-slow-ready',
      storageClassName: 'dir-wait',
      capacity: '2Gi',
      accessModes: ['ReadWriteMany'],
    });
    const made = await syncOf(application, run);
    expect(made.snapshots).toMatchObject([{ spec: { volumeSnapshotClassName: 'dir-slow-ready' } }]);
    expect(made.pvcs).toMatchObject([
      {
        spec: {
          accessModes: ['ReadWriteMany'],
          storageClassName: 'dir-wait',
          resources: { requests: { storage: '2Gi' } },
        },
      },
    ]);
    await application.remove();
  });
});

describe.concurrent('a copy by Clone', () => {
  it('is as large and of the class and modes of the pvc', async () => {
    const { application, run } = await aWaitingSync(world, { copyMethod: 'Clone' });
    const made = await syncOf(application, run);
    expect(made.snapshots).toEqual([]);
    expect(made.pvcs).toMatchObject([
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'dir',
          resources: { requests: { storage: '1Gi' } },
          dataSource: { kind: 'PersistentVolumeClaim', name: 'data-pvc' },
        },
      },
    ]);
    await application.remove();
  });

  it('is as the source says, whatever the pvc is', async () => {
    const { application, run } = await aWaitingSync(world, {
      copyMethod: 'Clone',
      storageClassName: 'dir-wait',
      capacity: '2Gi',
      accessModes: ['ReadWriteMany'],
    });
    const made = await syncOf(application, run);
    expect(made.pvcs).toMatchObject([
      {
        spec: {
          accessModes: ['ReadWriteMany'],
          storageClassName: 'dir-wait',
          resources: { requests: { storage: '2Gi' } },
        },
      },
    ]);
    await application.remove();
  });
});

describe.concurrent.each(['Direct', 'None'] as const)('no copy, by %s', (copyMethod) => {
  it('never asks, writes nothing on the pvc, and moves the pvc itself', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '', [A.copyTrigger]: 'set' });
    const before = pvcOf(application)?.metadata.annotations;
    const made = recordMade(application);
    await createSource(application, { restic: { copyMethod } });
    const run = await latestRun(application);
    expect((await application.report(run)).copy).toEqual({});
    expect(made.snapshots).toEqual([]);
    expect(made.pvcs).toEqual([]);
    expect(made.jobs.map(claimOf)).toEqual(['data-pvc']);
    expect(pvcOf(application)?.metadata.annotations).toEqual(before);
    await nothingStays(application);
    await application.remove();
  });

  it('goes to the node on which the pvc is in use', async () => {
    const application = new Application(world);
    await application.install({});
    const made = recordMade(application);
    await createSource(application, { restic: { copyMethod } });
    await application.report(await latestRun(application));
    const node = await application.kubectl('get', 'pod', 'app', '-o', 'jsonpath={.spec.nodeName}');
    expect(JSON.stringify(made.jobs)).toContain(
      JSON.stringify({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }),
    );
    await nothingStays(application);
    await application.remove();
  });
});

describe.concurrent('the objects of a copy', () => {
  it('are named by window and run, labelled as VolSync’s are, owned by the source, and all go (VH-1)', async () => {
    const { application, run } = await aWaitingSync(world);
    const window = windowIn(pvcOf(application)?.metadata.annotations ?? {})?.id ?? '';
    const made = await syncOf(application, run);
    const source = await world.cluster.sources.get(application.source);
    const name = copyName('test-rs', window, run);
    expect(name).toMatch(/^volsync-test-rs-src-[0-9a-f]{8}$/);
    expect([...made.snapshots, ...made.pvcs].map(({ metadata }) => metadata.name)).toEqual([name, name]);
    expect(made.jobs.map(({ metadata }) => metadata.name)).toEqual(['volsync-src-test-rs']);
    expect(consistenciesOf(made)).toEqual(['triggered', 'triggered']);
    for (const { metadata } of [...made.snapshots, ...made.pvcs, ...made.jobs]) {
      expect(metadata.labels).toMatchObject({
        [LABELS.createdBy]: 'volsync',
        [LABELS.cleanup]: source?.metadata.uid,
      });
      expect(metadata['ownerReferences']).toMatchObject([{ uid: source?.metadata.uid, controller: true }]);
    }
    await application.syncNow();
    const again = await application.copyStatus('WaitingForTrigger');
    expect(copyName('test-rs', windowIn(again)?.id ?? '', run)).not.toBe(name);
    await application.remove();
  });

  it.each(['Snapshot', 'Clone'] as const)(
    'are never another’s: what stands under the name of a %s is refused, and stays (VH-1)',
    async (copyMethod) => {
      const { application, run } = await aWaitingSync(world, { copyMethod });
      const window = windowIn(pvcOf(application)?.metadata.annotations ?? {})?.id ?? '';
      const foreign = { namespace: application.namespace, name: copyName('test-rs', window, run) };
      const { volumeSnapshots, pvcs } = world.cluster;
      if (copyMethod === 'Clone')
        await pvcs.create({
          metadata: foreign,
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        });
      else
        await volumeSnapshots.create({
          metadata: foreign,
          spec: { source: { persistentVolumeClaimName: 'data-pvc' } },
        });
      await application.setTrigger('refused');
      const failed = await application.copyStatus('Failed');
      expect(failed[A.latestCopyTrigger]).toBe('refused');
      expect(failed[A.latestCopyError]).toMatch(/^ForeignObject: /);
      expect(failed[A.latestCopyError]).toContain(foreign.name);
      expect(await reasonOfFailure(application, run)).toBe('ForeignObject');
      const standing = copyMethod === 'Clone' ? await pvcs.get(foreign) : await volumeSnapshots.get(foreign);
      expect(standing?.metadata['deletionTimestamp']).toBeUndefined();
      await application.remove();
    },
  );

  it('stay when they are labelled do-not-delete, and the next sync takes a copy of its own (VH-1)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-ready' });
    await application.setTrigger('kept');
    const { metadata } = await snapshotOf(application);
    const kept = { namespace: application.namespace, name: metadata.name };
    await world.cluster.volumeSnapshots.patch(kept, { metadata: { labels: { [LABELS.doNotDelete]: '' } } });
    await application.report(run);
    await application.syncNow();
    await application.copyStatus('WaitingForTrigger');
    const made = await syncOf(application, await latestRun(application, run));
    expect(made.snapshots.map(({ metadata: { name } }) => name)).not.toContain(kept.name);
    expect((await world.cluster.volumeSnapshots.get(kept))?.metadata['deletionTimestamp']).toBeUndefined();
    await world.cluster.volumeSnapshots.delete(kept);
    await application.remove();
  });

  it('labelled do-not-delete are let go of, so that they outlive their source', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-ready' });
    await application.setTrigger('kept');
    const { metadata } = await snapshotOf(application);
    const kept = { namespace: application.namespace, name: metadata.name };
    await world.cluster.volumeSnapshots.patch(kept, { metadata: { labels: { [LABELS.doNotDelete]: '' } } });
    await application.report(run);
    const left = (await world.cluster.volumeSnapshots.get(kept))?.metadata;
    expect(left).not.toHaveProperty('ownerReferences');
    expect(left?.labels).not.toHaveProperty(LABELS.cleanup);
    expect(left?.labels).not.toHaveProperty(LABELS.createdBy);
    await world.cluster.volumeSnapshots.delete(kept);
    await application.remove();
  });
});

describe.concurrent('a copy of a pvc that did not opt in', () => {
  it('is named by the run alone, and goes all the same', async () => {
    const application = await anApplication(world, {});
    const made = recordMade(application);
    await createSource(application);
    await application.report(await latestRun(application));
    expect(made.snapshots.map(({ metadata }) => metadata.name)).toEqual([
      expect.stringMatching(/^volsync-test-rs-src-[0-9a-f]{8}$/),
    ]);
    expect(made.snapshots[0]?.metadata.labels).not.toHaveProperty(LABELS.copyWindow);
    expect(consistenciesOf(made)).toEqual(['crash-consistent', 'crash-consistent']);
    await nothingStays(application);
    await application.remove();
  });
});

/** Triggers a sync that waits; resolves with what it has made once nothing of that is left. */
async function syncOf(application: Application, run: string): Promise<Made> {
  const made = recordMade(application);
  await application.setTrigger(`trigger of ${run}`);
  await application.report(run);
  expect(
    await application.temporaryObjects().then((left) => left.filter((name) => /^Job|^Persistent/.test(name))),
  ).toEqual([]);
  return made;
}
