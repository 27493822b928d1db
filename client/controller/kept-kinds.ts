// The two kinds whose objects have a schedule each, and what differs between them: a trigger on its pvc starts a sync
// of a source, too.
import type { ReplicationDestination } from '../../api/replication-destination.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import type { OwnerKind, OwnerObject } from '../../api/sync.ts';
import type { Cluster, Resource } from '../../kubernetes/cluster.ts';
import { findLeftTrigger, sourcesToServe } from './left-trigger.ts';

export interface KeptKind<T extends OwnerObject> {
  readonly kind: OwnerKind;
  /** What logs call one of them. */
  readonly word: string;
  readonly objects: Resource<T>;
  /** Name of the start that something beside the object asks for; undefined when there is none. */
  findTrigger(object: T): Promise<string | undefined>;
  /** Calls back with each object for which that may have changed; returns the way to stop. */
  watchTriggers(look: (object: T) => void): () => void;
}

export function sourceKind(cluster: Cluster): KeptKind<ReplicationSource> {
  return {
    kind: 'ReplicationSource',
    word: 'source',
    objects: cluster.sources,
    findTrigger: (source) => findLeftTrigger(cluster, source),
    watchTriggers: (look) =>
      cluster.pvcs.watch().subscribe((_ref, pvc) => {
        for (const source of sourcesToServe(cluster, pvc)) look(source);
      }),
  };
}

export function destinationKind({ destinations }: Cluster): KeptKind<ReplicationDestination> {
  return {
    kind: 'ReplicationDestination',
    word: 'destination',
    objects: destinations,
    findTrigger: () => Promise.resolve(undefined),
    watchTriggers: () => () => undefined,
  };
}

export function objectsOf({ sources, destinations }: Cluster, kind: OwnerKind): Resource<OwnerObject> {
  return kind === 'ReplicationSource' ? sources : destinations;
}

/** The objects of both kinds, as their watches show them. */
export function everyObject({ sources, destinations }: Cluster): readonly OwnerObject[] {
  return [...sources.watch().list(), ...destinations.watch().list()];
}
