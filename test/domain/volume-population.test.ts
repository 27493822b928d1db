import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim, VolumeSnapshot } from '../../api/kubernetes.ts';
import {
  handOver,
  holdSnapshot,
  letSnapshotGo,
  nextStep,
  populatedBy,
  primePvc,
} from '../../domain/volume-population.ts';
import type { PopulationView } from '../../domain/volume-population.ts';

const PVC: PersistentVolumeClaim = {
  metadata: { namespace: 'shop', name: 'restored', uid: 'pvc-1' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    resources: { requests: { storage: '1Gi' } },
    dataSourceRef: { apiGroup: 'volsync.backube', kind: 'ReplicationDestination', name: 'orders' },
  },
  status: { phase: 'Pending' },
};
const PRIME: PersistentVolumeClaim = {
  ...primePvc(PVC, 'image-1'),
  metadata: { ...primePvc(PVC, 'image-1').metadata, uid: 'prime-1' },
};
const IMAGE: VolumeSnapshot = {
  metadata: {
    namespace: 'shop',
    name: 'image-1',
    ownerReferences: [{ apiVersion: 'v1', kind: 'ReplicationDestination', name: 'orders', uid: 'rd-1' }],
  },
  spec: { source: {} },
};

function view(more: Partial<PopulationView> = {}): PopulationView {
  return { pvc: PVC, prime: undefined, image: 'image-1', bindsLate: false, ...more };
}

function pvc(
  more: Partial<PersistentVolumeClaim>,
  annotations?: Record<string, string>,
): PersistentVolumeClaim {
  const metadata = { ...PVC.metadata, ...(annotations && { annotations }) };
  return { ...PVC, metadata, ...more };
}

describe('a PVC that is to be filled from a destination', () => {
  it('names one in its own namespace, and nothing else is ours', () => {
    expect(populatedBy(PVC)).toBe('orders');
    const dataSourceRef = { apiGroup: 'volsync.backube', kind: 'ReplicationDestination', name: 'orders' };
    expect(
      populatedBy(pvc({ spec: { dataSourceRef: { ...dataSourceRef, namespace: 'other' } } })),
    ).toBeUndefined();
    expect(
      populatedBy(pvc({ spec: { dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'x' } } })),
    ).toBeUndefined();
    expect(populatedBy(pvc({ spec: {} }))).toBeUndefined();
  });

  it('waits for an image, and where its class binds late for its consumer', () => {
    expect(nextStep(view({ image: undefined }))).toEqual({ do: 'wait', reason: 'image' });
    expect(nextStep(view({ bindsLate: true }))).toEqual({ do: 'wait', reason: 'consumer' });
    const chosen = pvc({}, { 'volume.kubernetes.io/selected-node': 'n1' });
    expect(nextStep(view({ bindsLate: true, pvc: chosen }))).toEqual({ do: 'restore', from: 'image-1' });
    expect(primePvc(chosen, 'image-1').metadata.annotations).toEqual({
      'volume.kubernetes.io/selected-node': 'n1',
    });
  });

  it('is restored beside itself, handed the volume, and left alone once it is bound', () => {
    expect(nextStep(view())).toEqual({ do: 'restore', from: 'image-1' });
    expect(nextStep(view({ prime: PRIME }))).toEqual({ do: 'wait', reason: 'volume' });
    const filled = { ...PRIME, spec: { ...PRIME.spec, volumeName: 'pv-1' } };
    expect(nextStep(view({ prime: filled }))).toEqual({ do: 'handOver', volume: 'pv-1' });
    const bound = pvc({ status: { phase: 'Bound' } });
    expect(nextStep(view({ prime: filled, pvc: bound }))).toEqual({ do: 'finish' });
    expect(nextStep(view({ pvc: bound }))).toEqual({ do: 'nothing' });
  });

  it('keeps the image that its restore has begun with, though the destination has a newer one', () => {
    expect(nextStep(view({ prime: PRIME, image: 'image-2' }))).toEqual({ do: 'wait', reason: 'volume' });
    expect(PRIME.spec?.dataSource?.name).toBe('image-1');
  });

  it('is nobody’s work while it goes', () => {
    const going = { ...PVC, metadata: { ...PVC.metadata, deletionTimestamp: '2026-07-02T10:00:00Z' } };
    expect(nextStep(view({ pvc: going, prime: PRIME }))).toEqual({ do: 'nothing' });
  });
});

describe('the snapshot that a PVC is filled from', () => {
  it('is held by label and owner, once, and let go of as it was', () => {
    const held = holdSnapshot(IMAGE, PVC, PRIME);
    expect(held.labels).toEqual({ 'volsync.backube/volpop-pvc-pvc-1': 'restored' });
    expect(held.ownerReferences.map(({ uid }) => uid)).toEqual(['rd-1', 'prime-1']);
    const standing = { ...IMAGE, metadata: { ...IMAGE.metadata, ownerReferences: held.ownerReferences } };
    expect(holdSnapshot(standing, PVC, PRIME).ownerReferences).toHaveLength(2);
    const gone = letSnapshotGo(standing, PVC, 'prime-1');
    expect(gone.ownerReferences).toEqual(IMAGE.metadata.ownerReferences);
    expect(gone.labels).toEqual({ 'volsync.backube/volpop-pvc-pvc-1': null });
  });
});

describe('the volume', () => {
  it('is given to the PVC once', () => {
    const volume = { metadata: { name: 'pv-1' }, spec: { claimRef: { uid: 'prime-1' } } };
    expect(handOver(volume, PVC, 'image-1')).toMatchObject({
      metadata: { annotations: { 'volsync.backube/populated-from': 'shop/image-1' } },
      spec: { claimRef: { namespace: 'shop', name: 'restored', uid: 'pvc-1' } },
    });
    expect(handOver({ ...volume, spec: { claimRef: { uid: 'pvc-1' } } }, PVC, 'image-1')).toBeUndefined();
  });
});
