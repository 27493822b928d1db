// Copies to a path of a remote by rclone, and fetches it from there.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepsTheMoverPromises } from '../../movers/mover-cases.ts';
import { openWorld } from '../world.ts';
import type { World } from '../world.ts';
import { aPair, createIdleSource, DYNAMIC, objectStore, setSecret, syncs, syncsInVain } from './pair.ts';
import type { Pair, Section } from './pair.ts';
import { sftpServer } from './sftp-server.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SECRET = 'rclone-secret';

function storeAt(endpoint: string, secretKey = objectStore().secretKey): string {
  return `[store]
type = s3
provider = Minio
endpoint = ${endpoint}
access_key_id = ${objectStore().accessKey}
secret_access_key = ${secretKey}
no_check_bucket = true
`;
}

function section({ application }: Pair, more: Section = {}): Section {
  const rcloneDestPath = `repositories/${application.namespace}/rclone`;
  return { rclone: { rcloneConfig: SECRET, rcloneConfigSection: 'store', rcloneDestPath, ...more } };
}

function source(pair: Pair, more: Section = {}): Section {
  return section(pair, { copyMethod: 'Snapshot', ...more });
}

function destination(pair: Pair, more: Section = {}): Section {
  return section(pair, { ...DYNAMIC, ...more });
}

async function configure(pair: Pair, text: string): Promise<void> {
  await setSecret(pair.application, SECRET, { 'rclone.conf': text });
  await setSecret(pair.destination.place, SECRET, { 'rclone.conf': text });
}

keepsTheMoverPromises({
  name: 'rclone',
  sends: false,
  loses: ['symlinks', 'hard links', 'holes', 'times of directories'],
  // The stack's store, rclone itself, hides a folder behind the file that it has refused to put in its place: a remote with
  // real folders is shown below.
  changesKinds: false,
  files: 500,
  target: () => {
    const { hostname, port } = new URL(objectStore().endpointFromPods);
    return Promise.resolve({ host: hostname, port: Number(port) });
  },
  source: async (pair, { host, port }) => {
    await configure(pair, storeAt(objectStore().endpointFromPods));
    await setSecret(pair.application, SECRET, { 'rclone.conf': storeAt(`http://${host}:${port}`) });
    return source(pair);
  },
  destination: (pair) => Promise.resolve(destination(pair)),
  spoilCredentials: ({ application }) =>
    setSecret(application, SECRET, {
      'rclone.conf': storeAt(objectStore().endpointFromPods, 'another key than the store knows'),
    }),
  refused: {
    message:
      /^The mover of Job volsync-rclone-src-sender ended with code \d: ERROR: the remote cannot be opened /,
    attempts: ['1', '2', '3'],
  },
  unreachable:
    /^The mover of Job volsync-rclone-src-sender ended with code \d: ERROR: the remote cannot be opened/,
});

describe.concurrent('the rclone.conf of a source', () => {
  it('without the section that the source names is told in one sentence, and tried once', async () => {
    const pair = await aPair(world);
    await pair.application.shell('echo one > /data/records; sync');
    await configure(pair, storeAt(objectStore().endpointFromPods));
    const { message, attempts } = await syncsInVain(
      pair.application,
      source(pair, { rcloneConfigSection: 'elsewhere' }),
    );
    expect(message).toMatch(/code 25, .*: ERROR: rclone\.conf has no section \[elsewhere\]; it has: store$/);
    expect(attempts).toEqual(['1']);
    await pair.remove();
  });
});

describe.concurrent('a remote', () => {
  it('behind a certificate of a private authority is reached with customCA, from a Secret as from a ConfigMap', async () => {
    const pair = await aPair(world);
    await configure(pair, storeAt(objectStore().secureEndpointFromPods));
    const authority = readFileSync(objectStore().authorityFile, 'utf8');
    await setSecret(pair.destination.place, 'authority', { 'ca.pem': authority });
    await world.cluster.configMaps.create({
      metadata: { namespace: pair.application.namespace, name: 'authority' },
      data: { 'ca.pem': authority },
    });
    const known = { configMapName: 'authority', key: 'ca.pem' };
    await goesThere(pair, source(pair, { customCA: known }));
    const customCA = { secretName: 'authority', key: 'ca.pem' };
    await comesBack(pair, destination(pair, { customCA }));
    await pair.remove();
  });

  it('may be a server of sftp, which keeps no checksums, and where a folder may take the place of a file, and a file that of a folder', async () => {
    const pair = await aPair(world);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { host, port } = await sftpServer(pair.destination.place, publicKey);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim().replaceAll('\n', '\\n');
    const server = `type = sftp\nhost = ${host}\nport = ${port}\nuser = root\nkey_pem = ${pem}\nshell_type = none\n`;
    await configure(pair, `[sftp]\n${server}`);
    const there = { rcloneConfigSection: 'sftp', rcloneDestPath: '/srv/copies' };
    const { application, destination: receiver } = pair;
    await application.shell('cd /data; echo one > a; mkdir b; echo two > b/two; sync');
    const run = await goesThere(pair, source(pair, there));
    await comesBack(pair, destination(pair, there));

    await application.shell('cd /data; rm -r a b; mkdir a; echo three > a/three; echo four > b; sync');
    await application.syncNow();
    await syncs(application, 'there again', run);
    await receiver.receive('back again');
    expect(await receiver.shell('cd /data && cat a/three b records')).toBe('three\nfour\nby rclone\n');
    await pair.remove();
  });
});

async function goesThere({ application }: Pair, spec: Section): Promise<string> {
  await application.shell('echo by rclone > /data/records; sync');
  await createIdleSource(application, spec);
  return syncs(application, 'there');
}

async function comesBack({ destination: receiver }: Pair, spec: Section): Promise<void> {
  await receiver.create({ ...spec, trigger: { manual: 'back' } });
  await receiver.status(({ lastManualSync }) => lastManualSync === 'back');
  expect(await receiver.shell('cat /data/records')).toBe('by rclone\n');
}
