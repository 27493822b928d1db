// Where a source connects: the Service before a mover that waits for its sender. Its address and the Secret with the
// keys that the source needs stand in the destination's status.
import type { Service } from '../api/kubernetes.ts';
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { Owner } from '../api/sync.ts';
import { connectionPublished } from '../domain/destination-status.ts';
import { isOf } from '../domain/destination-volume.ts';
import { events } from '../domain/events.ts';
import { uidOf } from '../domain/preconditions.ts';
import { pause } from '../kubernetes/backoff.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import type { Mover } from '../movers/mover.ts';
import { ownKeySet } from '../movers/own-keys.ts';
import { addressOf, serviceOf } from '../movers/service.ts';
import type { SyncContext } from './context.ts';
import { getOrCreate, orRefusal } from './copy-object.ts';
import { patchStatusOf } from './owner.ts';

export interface Publishing {
  readonly destination: ReplicationDestination;
  readonly owner: Owner;
  readonly mover: Mover;
  readonly signal: AbortSignal;
  readonly note: (details: object) => void;
}

const LOOK_AGAIN_MS = 2_000;
const EXPLAINED_AFTER_MS = 15_000;

/** Returns once the source can connect; does nothing for movers to which nobody connects. */
export async function publishConnection(context: SyncContext, publishing: Publishing): Promise<void> {
  const { cluster } = context;
  const { destination, owner, mover } = publishing;
  if (mover.name !== 'rsync-tls' && mover.name !== 'rsync') return;
  const service = mover.service && serviceOf(mover, mover.service, owner);
  const reached = service && (await addressed(cluster, service, publishing));
  const { secret } = mover;
  const secretName = secret.kind === 'own' ? ownKeySet(secret.keys, mover, owner).published.name : undefined;
  const address = reached?.address;
  const status = connectionPublished(destination, { mover: mover.name, address, secretName });
  if (status === undefined) return;
  await patchStatusOf(cluster.destinations, destination, status);
  if (reached === undefined) return;
  const event = events.serviceAddressAssigned(reached.service.metadata.name, reached.address);
  await cluster.record({ regarding: destination, related: reached.service, ...event });
}

interface Reached {
  readonly service: Service;
  readonly address: string;
}

// Read again from time to time: a watch of all Services of the cluster would cost more.
async function addressed(cluster: Cluster, wanted: Service, publishing: Publishing): Promise<Reached> {
  const { destination: regarding, signal, note } = publishing;
  const { name } = wanted.metadata;
  const explainAt = Date.now() + EXPLAINED_AFTER_MS;
  let explained = false;
  for (;;) {
    const service = await ensureService(cluster, wanted, publishing);
    const address = addressOf(service);
    if (address !== undefined) return { service, address };
    note({ phase: `waiting until the Service ${name} has an address` });
    if (!explained && Date.now() >= explainAt) {
      explained = true;
      await cluster.record({ regarding, related: service, ...events.serviceAddressMissing(name) });
    }
    await pause(LOOK_AGAIN_MS, signal);
    signal.throwIfAborted();
  }
}

async function ensureService(
  cluster: Cluster,
  wanted: Service,
  { owner, signal }: Publishing,
): Promise<Service> {
  const isOurs = (found: Service) => isOf(owner, found);
  const standing = await cluster.services.get(refOf(wanted), { signal });
  const found =
    standing !== undefined && isOurs(standing)
      ? standing
      : await getOrCreate(cluster.services, wanted, { isOurs, signal });
  if (serves(found, wanted)) return found;
  const { type, selector, ports } = wanted.spec;
  const { annotations = {} } = wanted.metadata;
  const patch = { metadata: { ...uidOf(found), annotations }, spec: { type, selector, ports } };
  try {
    return await cluster.services.patch(refOf(found), patch, { signal });
  } catch (error) {
    throw orRefusal(error, wanted);
  }
}

// The API server adds to what we have asked for.
function serves({ metadata, spec }: Service, wanted: Service): boolean {
  return (
    spec.type === wanted.spec.type &&
    includes(metadata.annotations, wanted.metadata.annotations) &&
    includes(spec.selector, wanted.spec.selector) &&
    includes(spec.ports?.[0], wanted.spec.ports?.[0])
  );
}

type Fields = Readonly<Record<string, unknown>>;

function includes(found: Fields = {}, wanted: Fields = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => found[key] === value);
}
