// Owner references of what we make for a source or destination: the garbage collector removes it with its owner.
import type { OwnerReference } from '../api/kubernetes.ts';
import type { Owner, OwnerObject, SourceRef } from '../api/sync.ts';

/** The controller reference on the owner (VolSync's form). */
export function ownedBy({ kind, name, uid }: Pick<Owner, 'kind' | 'name' | 'uid'>): OwnerReference {
  return {
    apiVersion: 'volsync.backube/v1alpha1',
    kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function asOwner(source: SourceRef): Owner {
  return { kind: 'ReplicationSource', ...source };
}

export function asDestination(destination: SourceRef): Owner {
  return { kind: 'ReplicationDestination', ...destination };
}

/** Who this object is, for ever. */
export function ownerOf({ kind = 'ReplicationSource', metadata }: OwnerObject): Owner {
  const { namespace = '', name, uid = '' } = metadata;
  return { kind, namespace, name, uid };
}
