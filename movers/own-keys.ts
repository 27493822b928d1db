// Secrets that we make where the owner names none: their names, and who mounts which (reference VolSync §5.3, §5.4).
import type { Secret } from '../api/kubernetes.ts';
import type { Owner } from '../api/sync.ts';
import { lastingLabels } from '../domain/names.ts';
import { ownedBy } from '../domain/ownership.ts';
import type { Mover, OwnKeys } from './mover.ts';

export interface OwnKeySet {
  /** The one Secret that holds everything, made first: the others are read from it. */
  readonly main: string;
  /** What the mover's pod mounts. */
  readonly mounted: OwnSecret;
  /** What the other side needs, as the status tells. */
  readonly published: OwnSecret;
}

export interface OwnSecret {
  readonly name: string;
  readonly keys: readonly string[];
}

export const PSK = ['psk.txt'];
export const SOURCE_KEYS = ['source', 'source.pub', 'destination.pub'];
export const DESTINATION_KEYS = ['destination', 'destination.pub', 'source.pub'];
const ALL_KEYS = ['source', 'source.pub', 'destination', 'destination.pub'];

export function ownKeySet(keys: OwnKeys, { side }: Mover, { name }: Pick<Owner, 'name'>): OwnKeySet {
  if (keys === 'psk') {
    // Without a direction in its name: a source and a destination of one name share it (VolSync).
    const shared = { name: `volsync-rsync-tls-${name}`, keys: PSK };
    return { main: shared.name, mounted: shared, published: shared };
  }
  const prefix = `volsync-rsync-${side === 'source' ? 'src' : 'dst'}`;
  const source = { name: `${prefix}-src-${name}`, keys: SOURCE_KEYS };
  const destination = { name: `${prefix}-dest-${name}`, keys: DESTINATION_KEYS };
  const main = `${prefix}-main-${name}`;
  return side === 'source'
    ? { main, mounted: source, published: destination }
    : { main, mounted: destination, published: source };
}

/** The keys that the main Secret holds. */
export function keysOf(keys: OwnKeys): readonly string[] {
  return keys === 'psk' ? PSK : ALL_KEYS;
}

/** `data` in base64, as the API server takes it. */
export function ownSecret(owner: Owner, name: string, data: Readonly<Record<string, string>>): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: owner.namespace,
      labels: lastingLabels(),
      ownerReferences: [ownedBy(owner)],
    },
    data,
  };
}
