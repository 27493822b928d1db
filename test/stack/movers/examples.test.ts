// Every source in examples/ but the seed's, which seed.test.ts and the demo show: applied as `kubectl apply -k` would,
// with Secrets that open something here.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../api/kubernetes.ts';
import { openWorld } from '../world.ts';
import type { World } from '../world.ts';
import { Destination, objectStore, Sender, syncs } from './pair.ts';
import { openSsh } from './sftp-server.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples');

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Values = Readonly<Record<string, string>>;

const rows: readonly {
  readonly mover: string;
  /** What the example's Secret holds here. */
  readonly values: (namespace: string) => Values;
  /** The destination waits for a first copy. */
  readonly fetches: boolean;
}[] = [
  {
    mover: 'restic',
    values: (namespace) => ({
      RESTIC_REPOSITORY: `s3:${objectStore().endpointFromPods}/repositories/${namespace}`,
      RESTIC_PASSWORD: 'a password of this test',
      AWS_ACCESS_KEY_ID: objectStore().accessKey,
      AWS_SECRET_ACCESS_KEY: objectStore().secretKey,
    }),
    fetches: true,
  },
  {
    mover: 'rclone',
    // Two tests must not share a path of the store: an alias leads the example's to one of its own.
    values: (namespace) => ({ 'rclone.conf': rcloneConfiguration(namespace) }),
    fetches: true,
  },
  {
    mover: 'rsync-tls',
    values: () => ({ 'psk.txt': `volsync:${randomBytes(64).toString('hex')}` }),
    fetches: false,
  },
  {
    mover: 'rsync',
    values: () => ({ ...sshKeys('source'), ...sshKeys('destination') }),
    fetches: false,
  },
];

describe('the examples', () => {
  it('are all shown here', () => {
    const shown = rows.map(({ mover }) => mover);
    const withSource = readdirSync(EXAMPLES).filter((name) =>
      existsSync(join(EXAMPLES, name, 'source.yaml')),
    );
    expect(withSource.toSorted()).toEqual([...shown, 'seed'].toSorted());
  });
});

describe.concurrent('the example of', () => {
  it.each(rows)('$mover carries what its application wrote before it stood still', async (row) => {
    const application = new Sender(world, 'records');
    const { namespace } = application;
    const destination = new Destination(application, { destinationName: 'records-copy' });
    await world.cluster.namespaces.create({ metadata: { name: namespace } });
    await applyExample(application, row.mover, row.values(namespace));
    await application.copyStatus('WaitingForTrigger');
    await application.kubectl('wait', '--for=condition=Available', 'deployment/records', '--timeout=90s');
    const last = (await records(application, 'quiesce')).trim();
    await syncs(application, 'stands still');
    await records(application, 'resume');
    if (row.fetches) await destination.receive('first', { paused: false });
    else await destination.status(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(await destination.shell('tail -n 1 /data/records')).toMatch(new RegExp(`^${last} `));
    await application.remove();
  });
});

async function applyExample(application: Sender, mover: string, stringData: Values): Promise<void> {
  const { namespace } = application;
  const text = await application.kubectl('kustomize', join(EXAMPLES, mover));
  const objects = parseAllDocuments(text.replaceAll(`example-${mover}`, namespace))
    .map((document) => document.toJS() as KubernetesObject)
    .filter(({ kind }) => kind !== 'Namespace')
    .map((object) => (object.kind === 'Secret' ? { ...object, stringData } : object));
  const folder = mkdtempSync(join(tmpdir(), 'example-'));
  try {
    const file = join(folder, 'objects.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }), { mode: 0o600 });
    await application.kubectl('apply', '-f', file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function records(application: Sender, request: string): Promise<string> {
  return application.kubectl('exec', 'deployment/records', '--', 'sh', '/app/records.sh', request);
}

function rcloneConfiguration(namespace: string): string {
  const { endpointFromPods, accessKey, secretKey } = objectStore();
  return `[store]
type = alias
remote = here:repositories/${namespace}

[here]
type = s3
provider = Other
endpoint = ${endpointFromPods}
access_key_id = ${accessKey}
secret_access_key = ${secretKey}
`;
}

function sshKeys(name: string): Values {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { [name]: pem, [`${name}.pub`]: `${openSsh(publicKey)}\n` };
}
