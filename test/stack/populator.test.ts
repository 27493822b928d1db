// A PVC whose dataSourceRef names a ReplicationDestination is filled from its latest image (VolSync's volume populator).
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PersistentVolumeClaim, Pod, VolumeSnapshot } from '../../api/kubernetes.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

const PATIENCE = { timeout: 60_000, interval: 250 };

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('a PVC that is to be filled from a destination', () => {
  it.each(['dir', 'dir-wait'])(
    'of class %s holds what the image holds, and nothing is left behind',
    async (storageClass) => {
      const application = await anApplication();
      await snapshot(application, 'image-1');
      await destination(application, 'image-1');
      await claim(application, storageClass);
      await reader(application);
      expect(await application.kubectl('exec', 'reader', '--', 'cat', '/data/records')).toBe('received\n');
      const pvc = await restored(application);
      const volume = await world.cluster.volumes.get({ namespace: '', name: pvc.spec?.volumeName ?? '' });
      expect(volume?.metadata.annotations).toMatchObject({
        'volsync.backube/populated-from': `${application.namespace}/image-1`,
      });
      await vi.waitUntil(async () => (await claims(application)).length === 2, PATIENCE);
      const image = await world.cluster.volumeSnapshots.get({
        namespace: application.namespace,
        name: 'image-1',
      });
      expect(Object.keys(image?.metadata.labels ?? {}).filter((key) => key.includes('volpop'))).toEqual([]);
      expect(image?.metadata.ownerReferences ?? []).toEqual([]);
      await application.remove();
    },
  );

  it('waits for an image, says so, and is filled when there is one', async () => {
    const application = await anApplication();
    await destination(application);
    await claim(application, 'dir');
    await vi.waitUntil(async () => (await eventsOf(application)).includes('NoLatestImage'), PATIENCE);
    await snapshot(application, 'image-1');
    await reports(application, 'image-1');
    await reader(application);
    expect(await application.kubectl('exec', 'reader', '--', 'cat', '/data/records')).toBe('received\n');
    await vi.waitUntil(
      async () => (await eventsOf(application)).includes('VolSyncPopulatorFinished'),
      PATIENCE,
    );
    await application.remove();
  });
});

async function anApplication(): Promise<Application> {
  const application = new Application(world);
  await application.install({});
  await application.shell('echo received > /data/records; sync');
  return application;
}

async function snapshot({ namespace, pvc }: Application, name: string): Promise<void> {
  await world.cluster.volumeSnapshots.create({
    metadata: { namespace, name },
    spec: { source: { persistentVolumeClaimName: pvc.name } },
  } as VolumeSnapshot);
  const ready = async () =>
    (await world.cluster.volumeSnapshots.get({ namespace, name }))?.status?.readyToUse === true;
  await vi.waitUntil(ready, PATIENCE);
}

// Nobody synchronises it: what it reports is the test's word.
async function destination(application: Application, image?: string): Promise<void> {
  const { namespace } = application;
  await world.cluster.destinations.create({
    metadata: { namespace, name: 'orders' },
    spec: { external: {} },
  });
  if (image !== undefined) await reports(application, image);
}

async function reports({ namespace }: Application, name: string): Promise<void> {
  const latestImage = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name };
  await world.cluster.destinations.patchStatus({ namespace, name: 'orders' }, { status: { latestImage } });
}

async function claim({ namespace }: Application, storageClassName: string): Promise<void> {
  await world.cluster.pvcs.create({
    metadata: { namespace, name: 'restored' },
    spec: {
      storageClassName,
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      dataSourceRef: { apiGroup: 'volsync.backube', kind: 'ReplicationDestination', name: 'orders' },
    },
  });
}

async function reader(application: Application): Promise<void> {
  const container = {
    name: 'main',
    image: 'localhost/busybox:local',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', 'sleep 100000'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'restored' } }];
  await world.cluster.pods.create({
    metadata: { namespace: application.namespace, name: 'reader' },
    spec: { terminationGracePeriodSeconds: 0, containers: [container], volumes },
  } as Pod);
  await application.kubectl('wait', '--for=condition=Ready', 'pod/reader', '--timeout=60s');
}

async function claims({ namespace }: Application): Promise<readonly PersistentVolumeClaim[]> {
  return world.cluster.pvcs.list({ namespace });
}

async function restored({ namespace }: Application): Promise<PersistentVolumeClaim> {
  const pvc = await world.cluster.pvcs.get({ namespace, name: 'restored' });
  if (pvc === undefined) throw new Error('the PVC is gone');
  return pvc;
}

async function eventsOf(application: Application): Promise<string> {
  return application.kubectl(
    'get',
    'events',
    '--field-selector=involvedObject.name=restored',
    '-o',
    'jsonpath={.items[*].reason}',
  );
}
