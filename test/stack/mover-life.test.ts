// A mover from its start to its end, with everything that can go wrong on the way (issue 4, "The mover's life").
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Job } from '../../api/kubernetes.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { JOB_ANNOTATIONS } from '../../movers/job.ts';
import {
  anApplication,
  brokenStorage,
  eventOf,
  eventsOf,
  gated,
  heartbeatOf,
  moversOf,
  removeKey,
  PATIENCE,
  repository,
  resticSays,
  runningMover,
  setSecret,
  syncFailed,
  syncOnce,
} from './mover-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const BYTES = 60_000_000;

const attemptOf = ({ metadata }: Job) => metadata.annotations?.[JOB_ANNOTATIONS.attempt];

describe.concurrent('a mover that fails', () => {
  it('for good, as with a wrong password, is not started again; the next sync takes a fresh copy', async () => {
    const application = await anApplication(world);
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    const run = await application.latestRun();
    const movers = moversOf(application);
    await setSecret(application, { RESTIC_PASSWORD: 'another password' });
    await application.syncNow();
    const failed = await syncFailed(application);
    expect(failed.message).toMatch(
      /^The mover of Job volsync-src-test-rs ended with code 12, .* password is wrong/,
    );
    expect(failed.message).not.toContain('\n');
    expect(failed.logs).toMatch(/^restic mover: backup$/m);
    expect(failed.logs).toMatch(/^ERROR: the password is wrong/m);
    expect(failed.logs).not.toMatch(/another password/);
    expect([...movers.values()].map(attemptOf)).toEqual(['1']);
    await eventOf(application, 'MoverRefused');
    expect(await eventsOf(application, 'MoverRefused')).toHaveLength(1);
    await vi.waitUntil(async () => (await application.temporaryObjects()).length === 0, PATIENCE);

    await setSecret(application, { RESTIC_PASSWORD: 'a password of this test' });
    await application.shell('echo after-the-failure > /data/more; sync');
    await application.syncNow();
    const status = await application.sourceStatus(
      ({ latestMoverStatus }) => latestMoverStatus?.result === 'Successful',
    );
    expect(status.conditions).toMatchObject([{ status: 'False' }]);
    expect(await application.latestRun()).not.toBe(run);
    expect((await application.report(await application.latestRun())).moved).toMatchObject({ files: 2 });
    await application.remove();
  });

  it('for now, is started again after a while with the same copy, and says which', async () => {
    const application = await anApplication(world);
    const movers = moversOf(application);
    await setSecret(application, { RESTIC_REPOSITORY: '/nowhere/repository' });
    await syncOnce(application);
    const note = await eventOf(application, 'TransferFailed');
    await setSecret(application, { RESTIC_REPOSITORY: repository(application) });
    await application.shell('echo after-the-cut >> /data/records; sync');
    const { moved, copy } = await application.report(await application.latestRun());
    // Standard output and error of a container may change places in its log.
    expect(note).toMatch(/ended with code 3: (ERROR: the repository cannot be created|Fatal: .*\/nowhere)/);
    expect(note).toContain(`attempt 2 of 3 follows in 1s with the same copy, cut at ${copy.cutTime}`);
    expect([...movers.values()].map(attemptOf).slice(0, 2)).toEqual(['1', '2']);
    expect(await application.restored(moved.snapshotId ?? '')).toBe('before-the-cut\n');
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('every time, is given up after the last attempt, with the end of its log where people look', async () => {
    const application = await anApplication(world);
    const movers = moversOf(application);
    await setSecret(application, { RESTIC_REPOSITORY: '/nowhere/repository' });
    await syncOnce(application);
    const failed = await syncFailed(application);
    expect(failed.logs).toMatch(/^ERROR: the repository cannot be created/m);
    expect([...movers.values()].map(attemptOf)).toEqual(['1', '2', '3']);
    expect(await eventsOf(application, 'TransferFailed')).toHaveLength(2);
    await eventOf(application, 'MoverFailed');
    expect(await eventsOf(application, 'MoverFailed')).toHaveLength(1);
    await vi.waitUntil(async () => (await application.temporaryObjects()).length === 0, PATIENCE);
    await application.remove();
  });

  it('because its pod was deleted in mid-upload, is started again, and its data is there once', async () => {
    const application = await anApplication(world);
    const movers = moversOf(application);
    await application.shell(`head -c ${BYTES} /dev/urandom > /data/large; sync`);
    await application.replicate({ copyMethod: 'Snapshot', moverResources: { limits: { cpu: '50m' } } });
    const { metadata } = await runningMover(application);
    const uploading = async () => /"bytes_done":[1-9]/.test(await application.kubectl('logs', metadata.name));
    await vi.waitUntil(uploading, PATIENCE);
    await application.kubectl('delete', 'pod', metadata.name, '--grace-period=1', '--wait=false');
    expect(await eventOf(application, 'TransferFailed')).toMatch(/attempt 2 of 3 .* the same copy/);
    const { moved } = await application.report(await application.latestRun());
    expect([...movers.values()].map(attemptOf)).toEqual(['1', '2']);
    expect(moved).toMatchObject({ files: 2, logs: expect.stringMatching(/no parent snapshot found/) });
    const contents = await resticSays(application, 'stats --mode raw-data --json');
    expect(JSON.parse(contents)).toMatchObject({ snapshots_count: 1, total_size: expect.closeTo(BYTES, -6) });
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });
});

describe.concurrent('a mover at work', () => {
  it('keeps the Job that it was started with, whatever is edited meanwhile', async () => {
    const application = await anApplication(world);
    const movers = moversOf(application);
    const gate = await gated(application);
    await application.replicate({ copyMethod: 'Snapshot' });
    const { metadata } = await runningMover(application);
    const [job] = movers.values();
    const restic = { retain: { last: '1' }, moverResources: { limits: { cpu: '1' } }, pruneIntervalDays: 0 };
    await world.cluster.sources.patch(application.source, { spec: { restic } });
    await setSecret(application, { AWS_DEFAULT_REGION: 'elsewhere' });
    await gate.open();
    await application.report(await application.latestRun());
    expect([...movers.keys()]).toEqual([job?.metadata.uid]);
    const [last] = movers.values();
    expect(last?.metadata.generation).toBe(1);
    expect(last?.spec['template']).toEqual(job?.spec['template']);
    expect(JSON.stringify(last?.spec)).not.toMatch(/prune|AWS_DEFAULT_REGION/);
    expect(metadata.ownerReferences?.[0]?.uid).toBe(job?.metadata.uid);
    await application.remove();
  });

  it('for longer than its deadline is ended, and nothing of it is left behind', async () => {
    const application = await anApplication(world);
    const movers = moversOf(application);
    await gated(application);
    await syncOnce(application, {}, { 'stillpoint.dev/mover-deadline': '12s' });
    await runningMover(application);
    const failed = await syncFailed(application);
    expect(failed.message).toMatch(/^The mover of Job volsync-src-test-rs was not done within 12s/);
    expect([...movers.values()].map(({ spec }) => Number(spec['activeDeadlineSeconds']))).toEqual([
      expect.closeTo(72, -1),
    ]);
    await vi.waitUntil(async () => (await application.temporaryObjects()).length === 0, PATIENCE);
    await application.remove();
  });

  it('waits until the pods of another Job under its name are gone', async () => {
    const application = await anApplication(world);
    const movers = moversOf(application);
    const foreign = await world.cluster.jobs.create(foreignJob(application.namespace));
    await runningMover(application);
    await application.replicate({ copyMethod: 'Snapshot' });
    await vi.waitUntil(() => movers.size > 1, { ...PATIENCE, interval: 10 });
    const pods = await world.cluster.pods.list({ namespace: application.namespace });
    const owners = pods.flatMap(({ metadata }) => metadata.ownerReferences ?? []);
    expect(owners.map(({ uid }) => uid)).not.toContain(foreign.metadata.uid);
    await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(movers.size).toBe(2);
    await application.remove();
  });
});

describe.concurrent('a mover that cannot start', () => {
  const impossible = {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'no-such-label', operator: 'Exists' }] }],
  };

  it.each([
    {
      for: 'want of a node',
      restic: {
        moverAffinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: impossible } },
      },
      why: /Unschedulable: .*node affinity/,
    },
    {
      for: 'want of room in its quota',
      restic: {},
      pods: 1,
      why: /no pod yet; .*exceeded quota: narrow/i,
    },
  ])('for $for says so, and is not waited for without end', async ({ restic, pods, why }) => {
    const application = await anApplication(world);
    if (pods !== undefined) {
      await application.kubectl('create', 'quota', 'narrow', `--hard=pods=${pods}`);
      await application.kubectl('wait', `--for=jsonpath={.status.used.pods}=${pods}`, 'quota/narrow');
    }
    await syncOnce(application, restic, { 'stillpoint.dev/mover-pending': '10s' });
    // What it says first may be that its volume is not there yet.
    expect(await eventOf(application, 'MoverPending')).toMatch(/volsync-src-test-rs has not started yet: /);
    const failed = await syncFailed(application);
    expect(failed.message).toMatch(/^The mover of Job volsync-src-test-rs did not start within 10s: /);
    expect(failed.message).toMatch(why);
    expect(await eventsOf(application, 'TransferFailed')).toEqual([]);
    await vi.waitUntil(async () => (await application.temporaryObjects()).length === 0, PATIENCE);
    await application.remove();
  });

  it('for want of its volume says what the storage says', async () => {
    const application = await anApplication(world);
    const storageClassName = await brokenStorage(application);
    await syncOnce(application, { storageClassName }, { 'stillpoint.dev/mover-pending': '20s' });
    const failed = await syncFailed(application);
    expect(failed.message).toMatch(/did not start within 20s: .*PersistentVolumeClaims.*failCreate: always/s);
    // Not its snapshot: the snapshot-controller keeps that for minutes after a volume was to be made of it.
    await vi.waitUntil(async () => (await leftOf(application)).length === 0, PATIENCE);
    await world.cluster.storageClasses.delete({ namespace: '', name: storageClassName });
    await application.remove();
  });

  it('for want of what it mounts says what the kubelet says', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await setSecret(application, { GOOGLE_APPLICATION_CREDENTIALS: '{}' });
    await syncOnce(application, {}, { 'stillpoint.dev/mover-pending': '20s' });
    await application.copyStatus('WaitingForTrigger');
    await removeKey(application, 'GOOGLE_APPLICATION_CREDENTIALS');
    await application.setTrigger('without-its-credentials');
    const failed = await syncFailed(application);
    expect(failed.message).toMatch(/did not start within 20s: .*gcs-credentials.* non-existent secret key/s);
    expect((await application.copyStatus('Completed'))[A.latestCopyTrigger]).toBe('without-its-credentials');
    await application.remove();
  });

  it('for want of its Secret says so while it waits, and starts once it is there', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.copyStatus('WaitingForTrigger');
    const secret = { namespace: application.namespace, name: 'restic-secret' };
    const { data = {} } = (await world.cluster.secrets.get(secret)) ?? {};
    await world.cluster.secrets.delete(secret);
    await application.setTrigger('without-its-secret');
    await application.copyStatus('Completed');
    await vi.waitFor(
      async () =>
        expect(await heartbeatOf(application)).toMatch(/CreateContainerConfigError: secret .*not found/),
      PATIENCE,
    );
    expect(await eventsOf(application, 'MoverPending')).toEqual([]);
    await world.cluster.secrets.create({ metadata: secret, data });
    const { moved } = await application.report(await application.latestRun());
    expect(moved).toMatchObject({ files: 1 });
    await application.remove();
  });
});

async function leftOf(application: Application): Promise<readonly string[]> {
  const left = await application.temporaryObjects();
  return left.filter((object) => !object.startsWith('VolumeSnapshot '));
}

// Its pod takes a while to go.
function foreignJob(namespace: string): Job {
  const labels = { 'app.kubernetes.io/created-by': 'volsync' };
  const container = {
    name: 'main',
    image: 'localhost/busybox:local',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', 'trap "" TERM; while true; do sleep 1; done'],
  };
  const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 3, containers: [container] };
  return {
    metadata: { namespace, name: 'volsync-src-test-rs' },
    spec: { template: { metadata: { labels }, spec } },
  };
}
