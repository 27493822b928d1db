// Copies into a repository of restic, and back out of it.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepsTheMoverPromises } from '../../movers/mover-cases.ts';
import { openWorld } from '../world.ts';
import type { World } from '../world.ts';
import { aPair, createIdleSource, DYNAMIC, objectStore, setSecret, syncs } from './pair.ts';
import type { Pair, Section } from './pair.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SECRET = 'repository';

function repositoryAt(endpoint: string, { namespace }: Pair['application']): string {
  return `s3:${endpoint}/repositories/${namespace}/restic`;
}

/** Both sides know the repository; the source may reach it another way. */
async function openRepository({ application, destination }: Pair, endpoint?: string): Promise<void> {
  const { endpointFromPods, accessKey, secretKey } = objectStore();
  const secret = (at: string) => ({
    RESTIC_REPOSITORY: repositoryAt(at, application),
    RESTIC_PASSWORD: 'a password of this test',
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
  });
  await setSecret(application, SECRET, secret(endpoint ?? endpointFromPods));
  await setSecret(destination.place, SECRET, secret(endpointFromPods));
}

function source(more: Section = {}): Section {
  const retain = { last: '5' };
  return { restic: { repository: SECRET, copyMethod: 'Snapshot', cacheCapacity: '1Gi', retain, ...more } };
}

function destination(more: Section = {}): Section {
  const cache = { cacheStorageClassName: 'dir' };
  return { restic: { ...DYNAMIC, ...cache, repository: SECRET, enableFileDeletion: true, ...more } };
}

keepsTheMoverPromises({
  name: 'restic',
  sends: false,
  loses: [],
  changesKinds: true,
  files: 500,
  target: () => {
    const { hostname, port } = new URL(objectStore().endpointFromPods);
    return Promise.resolve({ host: hostname, port: Number(port) });
  },
  source: async (pair, { host, port }) => {
    await openRepository(pair, `http://${host}:${port}`);
    return source();
  },
  destination: () => Promise.resolve(destination()),
  // Somebody has made the repository with another password.
  spoilCredentials: async ({ application }) => {
    const { endpointFromPods, accessKey, secretKey } = objectStore();
    const variables = {
      RESTIC_REPOSITORY: repositoryAt(endpointFromPods, application),
      RESTIC_PASSWORD: 'another password',
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
    };
    const environment = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
    await application.shell(`${environment.join(' ')} restic --no-cache init`);
  },
  refused: {
    message: /^The mover of Job volsync-src-sender ended with code 12, .*: ERROR: the password is wrong/,
    attempts: ['1'],
  },
  unreachable:
    /^The mover of Job volsync-src-sender ended with code 3: ERROR: no answer from the repository, which cannot be opened/,
});

describe.concurrent('a repository behind a certificate of a private authority', () => {
  it('is reached with customCA, from a Secret as from a ConfigMap', async () => {
    const pair = await aPair(world);
    const { application, destination: receiver } = pair;
    await application.shell('echo by TLS > /data/records; sync');
    await openRepository(pair, objectStore().secureEndpointFromPods);
    await setSecret(receiver.place, SECRET, {
      RESTIC_REPOSITORY: repositoryAt(objectStore().secureEndpointFromPods, application),
    });
    const authority = readFileSync(objectStore().authorityFile, 'utf8');
    await setSecret(application, 'authority', { 'ca.pem': authority });
    await world.cluster.configMaps.create({
      metadata: { namespace: receiver.namespace, name: 'authority' },
      data: { 'ca.pem': authority },
    });
    await createIdleSource(application, source({ customCA: { secretName: 'authority', key: 'ca.pem' } }));
    await syncs(application, 'by TLS');
    const customCA = { configMapName: 'authority', key: 'ca.pem' };
    await receiver.create({ ...destination({ customCA }), trigger: { manual: 'by TLS' } });
    await receiver.status(({ lastManualSync }) => lastManualSync === 'by TLS');
    expect(await receiver.shell('cat /data/records')).toBe('by TLS\n');
    await pair.remove();
  });
});

describe.concurrent('a snapshot', { timeout: 300_000 }, () => {
  it('is restored beside what the volume holds, and in its place with enableFileDeletion', async () => {
    const pair = await aPair(world);
    const { application, destination: receiver } = pair;
    await openRepository(pair);
    await application.shell('echo first > /data/records; echo old > /data/old; sync');
    await createIdleSource(application, source());
    const run = await syncs(application, 'first');
    await receiver.create({ ...destination(), trigger: { manual: 'first' } });
    await receiver.status(({ lastManualSync }) => lastManualSync === 'first');
    const volume = { namespace: receiver.namespace, name: `volsync-${receiver.ref.name}-dest` };
    const made = await world.cluster.pvcs.get(volume);
    expect(made).toBeDefined();

    await application.shell('rm /data/old; echo second > /data/records; sync');
    await application.syncNow();
    await syncs(application, 'second', run);
    await receiver.receive('beside', destination({ enableFileDeletion: false }));
    expect(await receiver.shell(EVERYTHING)).toBe('old:old\nrecords:second\n');
    await receiver.receive('in its place', destination());
    expect(await receiver.shell(EVERYTHING)).toBe('records:second\n');
    expect((await world.cluster.pvcs.get(volume))?.metadata.uid).toBe(made?.metadata.uid);
    await pair.remove();
  });

  it('says as a tag how its copy was made', async () => {
    const pair = await aPair(world);
    const { application } = pair;
    await openRepository(pair);
    await application.shell('echo first > /data/records; sync');
    await createIdleSource(application, source());
    await syncs(application, 'first');
    const { endpointFromPods, accessKey, secretKey } = objectStore();
    const keys = `RESTIC_PASSWORD='a password of this test' AWS_ACCESS_KEY_ID=${accessKey} AWS_SECRET_ACCESS_KEY=${secretKey}`;
    const listing = await application.shell(
      `${keys} restic --no-cache --no-lock --repo ${repositoryAt(endpointFromPods, application)} snapshots --json`,
    );
    expect(JSON.parse(listing)).toMatchObject([{ tags: ['stillpoint.dev/consistency=triggered'] }]);
    await pair.remove();
  });
});

describe.concurrent('a snapshot that does not fit', { timeout: 300_000 }, () => {
  it('is restored whole once its destination is larger', async () => {
    const pair = await aPair(world);
    const { application, destination: receiver } = pair;
    await openRepository(pair);
    await application.shell('head -c 24000000 /dev/urandom > /data/large; sync');
    await createIdleSource(application, source());
    await syncs(application, 'too much');
    const small = destination({ capacity: '16Mi', storageClassName: 'dir-loop' });
    await receiver.create({ ...small, trigger: { manual: 'too much' } });
    expect(await receiver.failure()).toContain('volume is full');
    await receiver.receive('enough', { restic: { capacity: '64Mi' } });
    const digest = 'sha256sum /data/large';
    expect(await receiver.shell(digest)).toBe(await application.shell(digest));
    await pair.remove();
  });
});

const EVERYTHING = "cd /data && grep --with-filename '' * | sort";
