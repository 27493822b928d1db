// Where the size, the class and the access modes of a copy come from: reference/VolSync §4.3 and §4.4.
import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim, VolumeSnapshot } from '../../api/kubernetes.ts';
import { cloneOf, cutOf, isOurCopy, likenessOf, restoredFrom, snapshotOf } from '../../domain/copy.ts';
import type { CopyOrder, VolumeOptions } from '../../domain/copy.ts';
import { LABELS } from '../../domain/names.ts';

const OVERRIDES: VolumeOptions = {
  capacity: '9Gi',
  storageClassName: 'fast',
  accessModes: ['ReadWriteMany'],
  volumeSnapshotClassName: 'weekly',
};

describe('the snapshot', () => {
  it('is of the class that the source names, else of the default one', () => {
    expect(snapshotOf(anOrder(OVERRIDES)).spec).toEqual({
      source: { persistentVolumeClaimName: 'data' },
      volumeSnapshotClassName: 'weekly',
    });
    expect(snapshotOf(anOrder()).spec).toEqual({ source: { persistentVolumeClaimName: 'data' } });
  });
});

describe('the cut of a snapshot', () => {
  const seen = (order: CopyOrder, status: object) => cutOf({ ...snapshotOf(order), status });
  const creationTime = '2026-07-02T10:00:00Z';

  it('is when the storage has fixed the image', () => {
    expect(seen(anOrder(), {})).toBeUndefined();
    expect(seen(anOrder(), { creationTime, readyToUse: false })).toBe(creationTime);
  });

  it('counts once the image can be read, where the source wants it so: every sync of the window sees it', () => {
    const order: CopyOrder = { ...anOrder(), releaseAt: 'ready' };
    expect(seen(order, { creationTime, readyToUse: false })).toBeUndefined();
    expect(seen(order, { creationTime })).toBeUndefined();
    expect(seen(order, { creationTime, readyToUse: true })).toBe(creationTime);
  });
});

describe('the PVC restored from it', () => {
  it.each<{ as: string; options?: VolumeOptions; restoreSize?: string; pvc?: object; storage: string }>([
    { as: 'the source says', options: OVERRIDES, restoreSize: '3Gi', storage: '9Gi' },
    { as: 'the snapshot says', restoreSize: '3Gi', storage: '3Gi' },
    { as: 'the capacity of the pvc when the snapshot says nothing', storage: '2Gi' },
    { as: 'the capacity of the pvc when the snapshot says 0', restoreSize: '0', storage: '2Gi' },
    { as: 'the pvc has asked for when its capacity is not known', pvc: { status: {} }, storage: '1Gi' },
  ])('is as large as $as', ({ options, restoreSize, pvc, storage }) => {
    const restored = restoredFrom(anOrder(options, pvc), aSnapshot(restoreSize));
    expect(restored.spec?.resources).toEqual({ requests: { storage } });
  });

  it('has the class, modes and volume mode of the pvc, unless the source names others', () => {
    expect(restoredFrom(anOrder(), aSnapshot()).spec).toMatchObject({
      storageClassName: 'slow',
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Block',
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'copy' },
    });
    expect(restoredFrom(anOrder(OVERRIDES), aSnapshot()).spec).toMatchObject({
      storageClassName: 'fast',
      accessModes: ['ReadWriteMany'],
      volumeMode: 'Block',
    });
  });
});

describe('the clone', () => {
  it('is of the pvc, with its size, class and modes', () => {
    expect(cloneOf(anOrder()).spec).toEqual({
      storageClassName: 'slow',
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Block',
      resources: { requests: { storage: '2Gi' } },
      dataSource: { kind: 'PersistentVolumeClaim', name: 'data' },
    });
  });

  it('is as the source says', () => {
    expect(cloneOf(anOrder(OVERRIDES)).spec).toMatchObject({
      storageClassName: 'fast',
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '9Gi' } },
    });
  });
});

describe('an object under the name of a copy', () => {
  const copy = snapshotOf(anOrder());

  it('is ours when it was made for this source, run and window (VH-1)', () => {
    expect(isOurCopy(copy, anOrder())).toBe(true);
  });

  it.each([LABELS.cleanup, LABELS.run, LABELS.copyWindow])(
    'is another’s when its label %s differs',
    (label) => {
      const labels = { ...copy.metadata.labels, [label]: 'another' };
      expect(isOurCopy({ metadata: { ...copy.metadata, labels } }, anOrder())).toBe(false);
    },
  );

  it('is of no use any more when it is being deleted', () => {
    const metadata = { ...copy.metadata, deletionTimestamp: '2026-07-02T10:00:00Z' };
    expect(isOurCopy({ metadata }, anOrder())).toBe(false);
  });
});

function anOrder(options: VolumeOptions = {}, pvc: object = {}): CopyOrder {
  const copied: PersistentVolumeClaim = {
    metadata: { namespace: 'shop', name: 'data' },
    spec: {
      storageClassName: 'slow',
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Block',
      resources: { requests: { storage: '1Gi' } },
    },
    status: { phase: 'Bound', capacity: { storage: '2Gi' } },
    ...pvc,
  };
  const source = { namespace: 'shop', name: 'orders', uid: 'uid-1' };
  const like = { name: 'data', ...likenessOf(copied) };
  return { source, run: 'run-1', windowId: 'w1', name: 'copy', pvc: like, options };
}

function aSnapshot(restoreSize?: string): VolumeSnapshot {
  return { ...snapshotOf(anOrder()), status: restoreSize === undefined ? {} : { restoreSize } };
}
