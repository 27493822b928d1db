// Owner references of what we make for a source: the garbage collector removes it with the source.
import type { OwnerReference } from '../api/kubernetes.ts';

/** The controller reference on a ReplicationSource (VolSync's form). */
export function ownedBy(source: { readonly name: string; readonly uid: string }): OwnerReference {
  return {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    name: source.name,
    uid: source.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
