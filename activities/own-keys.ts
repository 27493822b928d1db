// Keys of our own, where the owner names no Secret: made once, and never again while they stand. The main Secret is
// made first and holds everything; the Secrets of the two sides are read from it, so that a retry and another worker
// make the same ones (reference VolSync §5.3, §5.4).
import { generateKeyPair, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Secret } from '../api/kubernetes.ts';
import type { Owner } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { isAlreadyExists } from '../kubernetes/kubernetes-error.ts';
import type { Mover, OwnKeys } from '../movers/mover.ts';
import { keysOf, ownKeySet, ownSecret } from '../movers/own-keys.ts';
import type { OwnKeySet } from '../movers/own-keys.ts';
import { refusal } from './context.ts';

interface Making {
  readonly cluster: Cluster;
  readonly owner: Owner;
  readonly signal: AbortSignal;
}

/** Returns the names of the Secrets, which stand there now. */
export async function ensureOwnKeys(making: Making, mover: Mover, keys: OwnKeys): Promise<OwnKeySet> {
  const set = ownKeySet(keys, mover, making.owner);
  const data = await ensureSecret(making, { name: set.main, keys: keysOf(keys) }, () => makeKeys(keys));
  for (const side of [set.mounted, set.published]) {
    if (side.name === set.main) continue;
    const chosen = Object.fromEntries(side.keys.map((key) => [key, data[key] ?? '']));
    await ensureSecret(making, side, () => Promise.resolve(chosen));
  }
  return set;
}

type Data = Readonly<Record<string, string>>;

async function ensureSecret(
  { cluster, owner, signal }: Making,
  { name, keys }: { readonly name: string; readonly keys: readonly string[] },
  make: () => Promise<Data>,
): Promise<Data> {
  const ref = { namespace: owner.namespace, name };
  const standing =
    (await cluster.secrets.get(ref, { signal })) ?? (await create(ownSecret(owner, name, await make())));
  const missing = keys.filter((key) => (standing.data?.[key] ?? '') === '');
  if (missing.length > 0) throw refusal(failures.secretIncomplete(`${ref.namespace}/${name}`, missing));
  return standing.data ?? {};

  async function create(secret: Secret): Promise<Secret> {
    try {
      return await cluster.secrets.create(secret, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const faster = await cluster.secrets.get(ref, { signal });
      if (faster === undefined) throw error; // Gone again: the activity is tried anew.
      return faster;
    }
  }
}

async function makeKeys(keys: OwnKeys): Promise<Data> {
  if (keys === 'psk') return { 'psk.txt': base64(`volsync:${randomBytes(64).toString('hex')}`) };
  const [source, destination] = await Promise.all([sshKeyPair(), sshKeyPair()]);
  return {
    source: base64(source.privateKey),
    'source.pub': base64(source.publicKey),
    destination: base64(destination.privateKey),
    'destination.pub': base64(destination.publicKey),
  };
}

/** RSA of 4096 bits, as VolSync makes it: every ssh reads its PEM. Made outside of the main thread. */
async function sshKeyPair(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const { privateKey, publicKey } = await rsaKeyPair();
  const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
  const parts = [Buffer.from('ssh-rsa'), unsigned(e), unsigned(n)];
  return {
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    publicKey: `ssh-rsa ${Buffer.concat(parts.flatMap(withLength)).toString('base64')} stillpoint\n`,
  };
}

function rsaKeyPair(): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> {
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: 4096 }, (error, publicKey, privateKey) => {
      if (error === null) resolve({ privateKey, publicKey });
      else reject(error);
    });
  });
}

// RFC 4251: a number is signed, so a leading bit that is set wants a zero before it.
function unsigned(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

function withLength(bytes: Buffer): readonly Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
