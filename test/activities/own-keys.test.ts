// Keys of our own in orders of events that a real cluster does not show at will; the fake stands at our own seam,
// `Cluster`. That ssh and stunnel take them is shown by the movers on the real stack.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ObjectRef, Secret } from '../../api/kubernetes.ts';
import type { Owner } from '../../api/sync.ts';
import { ensureOwnKeys } from '../../activities/own-keys.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import { rsyncDestination, rsyncSource } from '../../movers/rsync.ts';
import { rsyncTlsSource } from '../../movers/rsync-tls.ts';

const SOURCE: Owner = { kind: 'ReplicationSource', namespace: 'shop', name: 'orders', uid: 'uid-1' };
const DESTINATION: Owner = { ...SOURCE, kind: 'ReplicationDestination' };

class FakeSecrets {
  readonly standing = new Map<string, Secret>();

  get({ name }: ObjectRef): Promise<Secret | undefined> {
    return Promise.resolve(this.standing.get(name));
  }

  create(secret: Secret): Promise<Secret> {
    if (this.standing.has(secret.metadata.name))
      return Promise.reject(new KubernetesError({ code: 409, reason: 'AlreadyExists', message: 'there' }));
    this.standing.set(secret.metadata.name, secret);
    return Promise.resolve(secret);
  }

  text(name: string, key: string): string {
    return Buffer.from(this.standing.get(name)?.data?.[key] ?? '', 'base64').toString();
  }
}

function making(secrets: FakeSecrets, owner: Owner) {
  const cluster = { secrets } as unknown as Cluster;
  return { cluster, owner, signal: new AbortController().signal };
}

describe('the pre-shared key that is made for rsync-tls', () => {
  it('is VolSync’s name and 64 random bytes, and goes with its owner', async () => {
    const secrets = new FakeSecrets();
    const set = await ensureOwnKeys(making(secrets, SOURCE), rsyncTlsSource({}), 'psk');
    expect(set.published.name).toBe('volsync-rsync-tls-orders');
    expect(secrets.text('volsync-rsync-tls-orders', 'psk.txt')).toMatch(/^volsync:[0-9a-f]{128}$/);
    const { ownerReferences } = secrets.standing.get('volsync-rsync-tls-orders')?.metadata ?? {};
    expect(ownerReferences).toMatchObject([{ kind: 'ReplicationSource', uid: 'uid-1', controller: true }]);
  });

  it('is one and the same when two workers make it at once, and stays', async () => {
    const secrets = new FakeSecrets();
    const make = () => ensureOwnKeys(making(secrets, SOURCE), rsyncTlsSource({}), 'psk');
    await Promise.all([make(), make()]);
    const key = secrets.text('volsync-rsync-tls-orders', 'psk.txt');
    await make();
    expect(secrets.text('volsync-rsync-tls-orders', 'psk.txt')).toBe(key);
  });

  it('is never put in the place of one that lacks its key: the sentence names it', async () => {
    const secrets = new FakeSecrets();
    await secrets.create({ metadata: { name: 'volsync-rsync-tls-orders' }, data: { other: 'eA==' } });
    const made = ensureOwnKeys(making(secrets, SOURCE), rsyncTlsSource({}), 'psk');
    await expect(made).rejects.toThrow(/Secret shop\/volsync-rsync-tls-orders lacks psk\.txt/);
  });
});

describe('the ssh keys that are made for rsync', { timeout: 60_000 }, () => {
  it('are parted between the sides, each with its own private key and the other’s public one', async () => {
    const secrets = new FakeSecrets();
    const set = await ensureOwnKeys(making(secrets, DESTINATION), rsyncDestination({}), 'ssh');
    const ours = secrets.standing.get(set.mounted.name)?.data ?? {};
    const theirs = secrets.standing.get(set.published.name)?.data ?? {};
    expect(Object.keys(ours).toSorted()).toEqual(['destination', 'destination.pub', 'source.pub']);
    expect(Object.keys(theirs).toSorted()).toEqual(['destination.pub', 'source', 'source.pub']);
    expect(theirs['source.pub']).toBe(ours['source.pub']);
    for (const [secret, key] of [
      [set.mounted.name, 'destination'],
      [set.published.name, 'source'],
    ] as const) {
      const publicKey = createPublicKey(createPrivateKey(secrets.text(secret, key)));
      expect(publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 4096 });
      const modulus = Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url');
      const [type, body = ''] = secrets.text(secret, `${key}.pub`).split(' ');
      expect(type).toBe('ssh-rsa');
      expect(Buffer.from(body, 'base64').subarray(-modulus.length).equals(modulus)).toBe(true);
    }
  });

  it('are the same after a worker died between two Secrets', async () => {
    const secrets = new FakeSecrets();
    const make = () => ensureOwnKeys(making(secrets, SOURCE), rsyncSource({}), 'ssh');
    const { mounted, published } = await make();
    const before = [secrets.text(mounted.name, 'source'), secrets.text(published.name, 'destination')];
    secrets.standing.delete(published.name);
    await make();
    expect([secrets.text(mounted.name, 'source'), secrets.text(published.name, 'destination')]).toEqual(
      before,
    );
  });
});
