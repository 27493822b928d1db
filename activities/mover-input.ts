// What a mover of either side works with, checked before anything begins: its Secret, and what its section names.
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { Owner } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';
import { SECTIONS } from '../domain/plan.ts';
import type { Mover, OwnKeys } from '../movers/mover.ts';
import { needsOf, problemOf } from '../movers/needs.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { namespaceRules } from './describe-job.ts';
import { ensureOwnKeys } from './own-keys.ts';
import { patchStatusOf } from './owner.ts';
import { requireObjects, requireSecret } from './require-objects.ts';

export interface MoverReading {
  readonly owner: Owner;
  readonly mover: Mover;
  readonly object: ReplicationSource | ReplicationDestination;
  readonly signal: AbortSignal;
}

export interface MoverFacts {
  /** Names of the keys that the mover's Secret holds. */
  readonly secretKeys: readonly string[];
  /** The namespace allows privileged movers. */
  readonly privileged: boolean;
}

/** Throws one sentence for the owner. Keys of our own are made first: the other side may wait for them. */
export async function readMoverInput(context: SyncContext, reading: MoverReading): Promise<MoverFacts> {
  const { cluster } = context;
  const { owner, mover } = reading;
  const { namespace } = owner;
  const section = `spec.${SECTIONS[mover.name]}`;
  const secret = await secretOf(context, reading);
  const rules = await namespaceRules(context, namespace);
  const problem = problemOf(mover, section, rules);
  if (problem !== undefined) throw refusal(failures.ownerInvalid(owner, problem));
  const secretKeys = await requireSecret(cluster, { namespace, ...secret });
  await requireObjects(cluster, namespace, needsOf(mover, section));
  return { secretKeys, privileged: rules.privileged };
}

async function secretOf(context: SyncContext, reading: MoverReading) {
  const { owner, mover } = reading;
  const { secret } = mover;
  if (secret.kind === 'own') return ownSecretOf(context, reading, secret.keys);
  const { name, keys, field } = secret;
  if (name === '') throw refusal(failures.ownerInvalid(owner, `${field} must name a Secret`));
  return { name, keys };
}

// The status says which Secret the other side needs (VolSync).
async function ownSecretOf({ cluster }: SyncContext, reading: MoverReading, keys: OwnKeys) {
  const { owner, mover, object, signal } = reading;
  const set = await ensureOwnKeys({ cluster, owner, signal }, mover, keys);
  const section = keys === 'psk' ? 'rsyncTLS' : 'rsync';
  const field = keys === 'psk' ? 'keySecret' : 'sshKeys';
  const told = (object.status?.[section] as Readonly<Record<string, unknown>> | undefined)?.[field];
  const status = { [section]: { [field]: set.published.name } };
  if (told === set.published.name) return set.mounted;
  if (owner.kind === 'ReplicationSource') await patchStatusOf(cluster.sources, object, status);
  else await patchStatusOf(cluster.destinations, object, status);
  return set.mounted;
}
