// What VolSync's own playbooks show and no other test of ours does (docs/movers/playbooks.md).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheName } from '../../../domain/names.ts';
import { createClaim } from '../destination-scenario.ts';
import { anApplication } from '../mover-scenario.ts';
import { createSource } from '../window-scenario.ts';
import { Application, openWorld } from '../world.ts';
import type { World } from '../world.ts';
import { Destination, DYNAMIC, objectStore, Sender, setSecret } from './pair.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const LONG = 'x'.repeat(63);

describe.concurrent('a repository on a PVC of the owner', { timeout: 300_000 }, () => {
  it('is reached through moverVolumes from both sides, whose names may be as long as they like', async () => {
    const application = new Sender(world, `sender-${LONG}`);
    await application.install({});
    await application.shell('echo kept here > /data/records; sync');
    const { namespace } = application;
    await createClaim(application, 'repository');
    await setSecret(application, 'local', {
      RESTIC_REPOSITORY: '/mnt/repo/here',
      RESTIC_PASSWORD: 'of this test',
    });
    const claim = { persistentVolumeClaim: { claimName: 'repository' } };
    const common = { repository: 'local', moverVolumes: [{ mountPath: 'repo', volumeSource: claim }] };
    await createSource(application, {
      spec: { restic: { ...common, copyMethod: 'Snapshot' }, trigger: { manual: 'once' } },
    });
    const sent = await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'once');
    expect(sent.latestMoverStatus).toMatchObject({ result: 'Successful' });
    for (const line of [/processed.*files/, /snapshot.*saved/, /Restic completed in/])
      expect(sent.latestMoverStatus?.logs).toMatch(line);

    const destination = new Destination(application, { destinationName: `receiver-${LONG}` });
    await destination.create({ restic: { ...DYNAMIC, ...common }, trigger: { manual: 'once' } });
    const { latestMoverStatus } = await destination.status(({ lastManualSync }) => lastManualSync === 'once');
    expect(latestMoverStatus?.logs).toMatch(/restoring/);
    expect(await destination.shell('cat /data/records')).toBe('kept here\n');
    const owner = { kind: 'ReplicationDestination', uid: '', ...destination.ref } as const;
    for (const name of [cacheName(owner), `volsync-src-${application.source.name}-cache`])
      expect(await world.cluster.pvcs.get({ namespace, name }), name).toBeDefined();
    await destination.remove();
  });
});

describe.concurrent('a repository that is nowhere yet', () => {
  it('is made by the destination that asks for it, bucket and all; nothing is restored, and each sync says so', async () => {
    const application = new Application(world);
    const { namespace } = application;
    await world.cluster.namespaces.create({ metadata: { name: namespace } });
    const { endpointFromPods, accessKey, secretKey } = objectStore();
    await setSecret(application, 'nowhere', {
      RESTIC_REPOSITORY: `s3:${endpointFromPods}/${namespace}-bucket/nowhere`,
      RESTIC_PASSWORD: 'of this test',
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
    });
    await createClaim(application, 'restored');
    const destination = new Destination(application);
    const restic = { repository: 'nowhere', copyMethod: 'Direct', destinationPVC: 'restored' };
    await destination.create({ restic, trigger: { manual: 'first' } });
    const first = await destination.status(({ lastManualSync }) => lastManualSync === 'first');
    expect(first.latestMoverStatus).toMatchObject({ result: 'Successful' });
    expect(first.latestMoverStatus?.logs).toMatch(/created restic repository[^]*No data will be restored/);
    const { latestMoverStatus: second } = await destination.receive('second');
    expect(second?.logs).toContain('No data will be restored');
    expect(second?.logs).not.toContain('created');
    expect(await destination.shell('find /data -mindepth 1')).toBe('');
    await destination.remove();
  });
});

describe.concurrent('a source without a trigger, by Direct', () => {
  it('is synchronised again and again beside the pod that uses its volume', async () => {
    const application = await anApplication(world);
    await createSource(application, { spec: { trigger: {} }, restic: { copyMethod: 'Direct' } });
    await application.sourceStatus(({ conditions }) => conditions?.[0]?.reason === 'SyncInProgress');
    const times = new Set<string>();
    for (let round = 1; round <= 2; round += 1) {
      const { lastSyncTime = '' } = await application.sourceStatus(
        (status) => status.lastSyncTime !== undefined && !times.has(status.lastSyncTime),
      );
      times.add(lastSyncTime);
    }
    await application.remove();
  });
});
