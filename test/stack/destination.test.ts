// Destinations: what was carried away comes back, byte for byte, and an image of it that PVCs can be restored from.
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { LABELS } from '../../domain/names.ts';
import {
  aBackup,
  answered,
  bytesIn,
  bytesOf,
  complaint,
  createClaim,
  createDestination,
  destinationEvents,
  destinationRuns,
  destinationStatus,
  DYNAMIC,
  editDestination,
  nothingOfDestinationStays,
  readBy,
  refOf,
  scheduleOf,
  snapshotsIn,
} from './destination-scenario.ts';
import { gated, runningMover, setSecret } from './mover-scenario.ts';
import { anApplication, PATIENCE } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const CACHES = ['volsync-src-test-rs-cache', 'volsync-dst-test-rd-cache'];

describe.concurrent('a destination by Direct', () => {
  it('fills the owner’s own PVC, byte for byte, and names it as its image', async () => {
    const application = await aBackup(world);
    await createClaim(application, 'restored');
    const restic = { copyMethod: 'Direct', destinationPVC: 'restored' };
    await createDestination(application, { restic });
    const status = await answered(application, 'first');
    expect(status.latestImage).toEqual({ apiGroup: '', kind: 'PersistentVolumeClaim', name: 'restored' });
    expect(status.latestMoverStatus?.result).toBe('Successful');
    expect(status.lastSyncDuration).toMatch(/s$/);
    expect(status).not.toHaveProperty('lastSyncStartTime');
    const wanted = await bytesOf(application);
    expect(wanted).toContain('./a/b/random');
    expect(await bytesIn(application, 'restored')).toBe(wanted);
    expect(await application.temporaryObjects()).toEqual([]);
    expect(await snapshotsIn(application)).toEqual([]);
    await application.remove();
  });

  it('restores the state before the last, and that of a time, as the owner says', async () => {
    const application = await aBackup(world);
    const first = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    for (const content of ['second', 'third']) await backedUpAnew(application, content);
    await createClaim(application, 'restored');
    const restic = { copyMethod: 'Direct', destinationPVC: 'restored' };
    await createDestination(application, { restic: { ...restic, previous: 1 } });
    await answered(application, 'first');
    expect(await readBy(application, 'restored', 'cat /data/records')).toBe('second\n');
    await editDestination(application, {
      trigger: { manual: 'as-of' },
      restic: { previous: null, restoreAsOf: first.lastSyncTime },
    });
    await answered(application, 'as-of');
    expect(await readBy(application, 'restored', 'cat /data/records')).toBe('before-the-cut\n');
    await application.remove();
  });
});

describe.concurrent('a destination by Snapshot', () => {
  it('leaves an image that is ready, and replaces it by that of the next sync (RD-1)', async () => {
    const application = await aBackup(world);
    await createDestination(application, { restic: DYNAMIC });
    const { latestImage: first } = await answered(application, 'first');
    expect(first).toMatchObject({ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot' });
    expect(first?.name).toMatch(/^volsync-test-rd-dest-\d{14}-[0-9a-f]{8}$/);
    expect(await snapshotOf(application, first?.name)).toMatchObject({ status: { readyToUse: true } });

    await editDestination(application, { trigger: { manual: 'second' } });
    const { latestImage: second } = await answered(application, 'second');
    expect(second?.name).not.toBe(first?.name);
    await vi.waitUntil(async () => (await snapshotOf(application, first?.name)) === undefined, PATIENCE);
    expect(await snapshotOf(application, second?.name)).toMatchObject({ status: { readyToUse: true } });

    const image = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: second?.name ?? '' };
    await createClaim(application, 'from-image', image);
    expect(await bytesIn(application, 'from-image')).toBe(await bytesOf(application));
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('keeps an image that its owner has labelled, and lets go of it', async () => {
    const application = await aBackup(world);
    await createDestination(application, { restic: DYNAMIC });
    const name = (await answered(application, 'first')).latestImage?.name ?? '';
    const ref = { namespace: application.namespace, name };
    await world.cluster.volumeSnapshots.patch(ref, { metadata: { labels: { [LABELS.doNotDelete]: '' } } });
    await editDestination(application, { trigger: { manual: 'second' } });
    await answered(application, 'second');
    const kept = await world.cluster.volumeSnapshots.get(ref);
    expect(kept?.metadata).not.toHaveProperty('ownerReferences');
    expect(kept?.metadata).not.toHaveProperty('deletionTimestamp');
    await application.remove();
  });

  it('leaves neither PVC nor cache where it is told so, and the image stays', async () => {
    const application = await aBackup(world);
    const cleanup = { cleanupTempPVC: true, cleanupCachePVC: true };
    await createDestination(application, { restic: { ...DYNAMIC, ...cleanup } });
    const { latestImage } = await answered(application, 'first');
    const claims = await world.cluster.pvcs.list({ namespace: application.namespace });
    expect(claims.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'data-pvc',
      'volsync-src-test-rs-cache',
    ]);
    expect(await snapshotOf(application, latestImage?.name)).toMatchObject({ status: { readyToUse: true } });
    await application.remove();
  });

  it('that fails keeps the image of the sync before', async () => {
    const application = await aBackup(world);
    await createDestination(application, { restic: DYNAMIC });
    const { latestImage, lastSyncTime } = await answered(application, 'first');
    await setSecret(application, { RESTIC_PASSWORD: 'another password' });
    await editDestination(application, { trigger: { manual: 'second' } });
    expect(await complaint(application)).toContain('volsync-dst-test-rd');
    const failed = await destinationStatus(application, ({ latestMoverStatus: m }) => m?.result === 'Failed');
    expect(failed).toMatchObject({ latestImage, lastSyncTime, lastManualSync: 'first' });
    expect(await snapshotsIn(application)).toEqual([latestImage?.name]);
    // It is asked for again and again otherwise.
    await editDestination(application, { paused: true });
    await application.remove();
  });
});

describe.concurrent('a destination that cannot work', () => {
  it('is refused at once where its image would be a clone, and starts by itself once that is mended (RD-3)', async () => {
    const application = await aBackup(world);
    await createDestination(application, { restic: { ...DYNAMIC, copyMethod: 'Clone' } });
    expect(await complaint(application)).toContain('copyMethod Clone');
    expect(await madeBy(application)).toEqual([]);
    await editDestination(application, { restic: { copyMethod: 'Direct' } });
    await answered(application, 'first');
    await application.remove();
  });

  it.each([
    ['capacity must be given', { ...DYNAMIC, capacity: undefined }],
    ['PersistentVolumeClaim', { copyMethod: 'Direct', destinationPVC: 'absent' }],
    ['StorageClass absent does not exist', { ...DYNAMIC, storageClassName: 'absent' }],
    ['Secret', { ...DYNAMIC, repository: 'absent' }],
  ])('is refused, in a sentence about what is wrong: %s', async (sentence, restic) => {
    const application = await anApplication(world, {});
    await createDestination(application, { restic });
    expect(await complaint(application)).toContain(sentence);
    expect(await madeBy(application)).toEqual([]);
    await application.remove();
  });
});

describe.concurrent('the syncs of a destination', () => {
  it('start once for each manual tag, and are measured as VolSync measures them', async () => {
    const application = await aBackup(world);
    await createDestination(application, { restic: { ...DYNAMIC, copyMethod: 'Direct' } });
    await answered(application, 'first');
    await editDestination(application, { paused: false });
    await editDestination(application, { trigger: { manual: 'second' } });
    await answered(application, 'second');
    expect(await destinationRuns(application)).toHaveLength(2);
    const labels = `obj_name="test-rd",obj_namespace="${application.namespace}",role="destination",method="restic"`;
    const page = await (await fetch(inject('stack').workerMetrics)).text();
    expect(page.split('\n')).toContain(`volsync_sync_duration_seconds_count{${labels}} 2`);
    await application.remove();
  });

  it('do not start while it is paused, and do as soon as it is resumed', async () => {
    const application = await aBackup(world);
    await createDestination(application, { spec: { paused: true }, restic: DYNAMIC });
    const schedule = await scheduleOf(application);
    const described = () => schedule.describe().catch(() => undefined);
    const { state, info } = await vi.waitUntil(described, PATIENCE);
    expect(state.paused).toBe(true);
    expect(info.numActionsTaken).toBe(0);
    await editDestination(application, { paused: false });
    await answered(application, 'first');
    await application.remove();
  });

  it('leave nothing when it is deleted in mid-restore', async () => {
    const application = await aBackup(world);
    await gated(application);
    await createDestination(application, { restic: DYNAMIC });
    await runningMover(application);
    const [run = ''] = await destinationRuns(application);
    await world.cluster.destinations.delete(refOf(application));
    await nothingOfDestinationStays(application, ['volsync-src-test-rs-cache']);
    // The garbage collector may take the mover away before the cancel arrives.
    await expect(world.temporal.workflow.getHandle(run).result()).rejects.toThrow(/cancelled|failed/);
    const gone = async () =>
      (await scheduleOf(application)).describe().then(
        () => false,
        () => true,
      );
    await vi.waitUntil(gone, PATIENCE);
    await application.remove();
  });

  it('are tidied up after when a person terminates one, and the status says so', async () => {
    const application = await aBackup(world);
    await gated(application);
    await createDestination(application, { restic: DYNAMIC });
    await runningMover(application);
    const [run = ''] = await destinationRuns(application);
    await editDestination(application, { paused: true });
    await world.temporal.workflow.getHandle(run).terminate('a test');
    expect(await complaint(application)).toContain('was terminated');
    await nothingOfDestinationStays(application, [...CACHES, 'volsync-test-rd-dest']);
    await application.remove();
  });
});

describe.concurrent('a destination to which a source connects', () => {
  it('says where and with which key, and waits for it', async () => {
    const application = await anApplication(world, {});
    const spec = { trigger: undefined, restic: undefined, rsyncTLS: LISTENING };
    await createDestination(application, { spec });
    const { rsyncTLS: said } = await destinationStatus(
      application,
      (now) => now.rsyncTLS?.address !== undefined,
    );
    expect(said?.keySecret).toBe('volsync-rsync-tls-test-rd');
    const ref = { namespace: application.namespace, name: 'volsync-rsync-tls-dst-test-rd' };
    expect((await world.cluster.services.get(ref))?.spec.clusterIP).toBe(said?.address);
    const pod = await runningMover(application);
    expect(pod.metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'dst-test-rd' });
    await world.cluster.destinations.delete(refOf(application));
    await nothingOfDestinationStays(application);
    await application.remove();
  });

  it('waits until its Service has an address, says so, and starts no mover before', async () => {
    const application = await anApplication(world, {});
    const rsyncTLS = { ...LISTENING, serviceType: 'LoadBalancer' };
    await createDestination(application, { spec: { trigger: undefined, restic: undefined, rsyncTLS } });
    const reasons = () => destinationEvents(application);
    await vi.waitUntil(async () => (await reasons()).includes('NoServiceAddressAssigned'), PATIENCE);
    expect(await world.cluster.jobs.list({ namespace: application.namespace })).toEqual([]);
    const name = 'volsync-rsync-tls-dst-test-rd';
    const status = { loadBalancer: { ingress: [{ hostname: 'here.example.com' }] } };
    await world.cluster.services.patchStatus({ namespace: application.namespace, name }, { status });
    const { rsyncTLS: said } = await destinationStatus(
      application,
      (now) => now.rsyncTLS?.address !== undefined,
    );
    expect(said?.address).toBe('here.example.com');
    await vi.waitUntil(async () => (await reasons()).includes('ServiceAddressAssigned'), PATIENCE);
    await world.cluster.destinations.delete(refOf(application));
    await nothingOfDestinationStays(application);
    await application.remove();
  });
});

const LISTENING = {
  copyMethod: 'Direct',
  capacity: '1Gi',
  accessModes: ['ReadWriteOnce'],
  storageClassName: 'dir',
};

async function snapshotOf({ namespace }: Application, name = '') {
  return world.cluster.volumeSnapshots.get({ namespace, name });
}

/** Names of the Jobs and PVCs that were made for the destination. */
async function madeBy({ namespace }: Application): Promise<readonly string[]> {
  const lists = await Promise.all([
    world.cluster.jobs.list({ namespace }),
    world.cluster.pvcs.list({ namespace }),
  ]);
  return lists
    .flat()
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'ReplicationDestination'))
    .map(({ metadata }) => metadata.name);
}

/** Writes another content into `records`, and has the source carry it away. */
async function backedUpAnew(application: Application, content: string): Promise<void> {
  const { lastSyncTime } = await application.sourceStatus(() => true);
  await application.shell(`echo ${content} > /data/records; sync`);
  await application.syncNow();
  await application.sourceStatus((now) => now.lastSyncTime !== lastSyncTime);
}
