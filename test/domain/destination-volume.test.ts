import { describe, expect, it } from 'vitest';
import type { OwnerReference, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { Owner } from '../../api/sync.ts';
import { destinationPvc, destinationPvcPatch, isOf } from '../../domain/destination-volume.ts';
import { LABELS } from '../../domain/names.ts';

const DESTINATION: Owner = {
  kind: 'ReplicationDestination',
  namespace: 'shop',
  name: 'orders',
  uid: 'uid-1',
};
const OWNED: OwnerReference = {
  apiVersion: 'volsync.backube/v1alpha1',
  kind: 'ReplicationDestination',
  name: 'orders',
  uid: 'uid-1',
  controller: true,
  blockOwnerDeletion: true,
};
const VOLUME = {
  kind: 'dynamic',
  name: 'volsync-orders-dest',
  capacity: '2Gi',
  accessModes: ['ReadWriteOnce'],
} as const;
const LABELS_THAT_LAST = {
  'app.kubernetes.io/created-by': 'volsync',
  'app.kubernetes.io/managed-by': 'stillpoint',
};

describe('the PVC of a destination', () => {
  it('is of the size, class and modes of its owner, and goes with the destination', () => {
    expect(destinationPvc(DESTINATION, { ...VOLUME, storageClassName: 'fast' })).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: 'volsync-orders-dest',
        namespace: 'shop',
        labels: LABELS_THAT_LAST,
        ownerReferences: [OWNED],
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        volumeMode: 'Filesystem',
        storageClassName: 'fast',
        resources: { requests: { storage: '2Gi' } },
      },
    });
  });

  it('is left to the default class unless its owner names one', () => {
    expect(destinationPvc(DESTINATION, VOLUME).spec).not.toHaveProperty('storageClassName');
  });
});

describe('the PVC of an earlier sync', () => {
  const found = destinationPvc(DESTINATION, VOLUME);

  it('is used as it is', () => {
    expect(destinationPvcPatch(found, destinationPvc(DESTINATION, VOLUME))).toBeUndefined();
  });

  it('grows with the capacity', () => {
    const wanted = destinationPvc(DESTINATION, { ...VOLUME, capacity: '3Gi' });
    expect(destinationPvcPatch(found, wanted)).toEqual({
      spec: { resources: { requests: { storage: '3Gi' } } },
    });
  });

  it('goes with no run any more, should one have died that was to remove it', () => {
    const given: PersistentVolumeClaim = {
      ...found,
      metadata: {
        ...found.metadata,
        labels: { ...LABELS_THAT_LAST, [LABELS.cleanup]: 'uid-1', [LABELS.run]: '0badcafe' },
        annotations: { 'stillpoint.dev/workflow-id': 'run-1', kept: 'yes' },
      },
    };
    expect(patched(given, found)).toEqual({ labels: LABELS_THAT_LAST, annotations: { kept: 'yes' } });
  });

  it('is of use only when it is this destination’s, and not on its way out', () => {
    expect(isOf(DESTINATION, found)).toBe(true);
    expect(isOf({ uid: 'uid-2' }, found)).toBe(false);
    expect(isOf(DESTINATION, { metadata: { name: VOLUME.name } })).toBe(false);
    const leaving = { ...found.metadata, deletionTimestamp: '2026-07-02T10:00:00Z' };
    expect(isOf(DESTINATION, { metadata: leaving })).toBe(false);
  });
});

// What a merge patch makes of labels and annotations.
function patched(found: PersistentVolumeClaim, wanted: PersistentVolumeClaim) {
  const patch = (destinationPvcPatch(found, wanted)?.['metadata'] ?? {}) as Record<
    'labels' | 'annotations',
    object
  >;
  const merged = (key: 'labels' | 'annotations') =>
    Object.fromEntries(
      Object.entries({ ...found.metadata[key], ...patch[key] }).filter(([, value]) => value !== null),
    );
  return { labels: merged('labels'), annotations: merged('annotations') };
}
