// The CSI driver as Kubernetes knows it, and classes whose parameters ask the driver for delays and failures.
import { driverName } from './layout.ts';

export interface Manifest {
  readonly path: string;
  readonly object: object;
}

/** The driver and its storage classes: `dir` binds at once, `dir-wait` with the first consumer; `dir-loop` can be full. */
export const driverAndStorageClasses: readonly Manifest[] = [
  {
    path: `/apis/storage.k8s.io/v1/csidrivers/${driverName}`,
    object: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: driverName },
      spec: {
        attachRequired: false,
        podInfoOnMount: false,
        fsGroupPolicy: 'File',
        volumeLifecycleModes: ['Persistent'],
      },
    },
  },
  storageClass('dir', 'Immediate'),
  storageClass('dir-wait', 'WaitForFirstConsumer'),
  storageClass('dir-loop', 'Immediate', { backing: 'loop' }),
];

/** `dir` is the default; the others are for tests of slow and failing storage. */
export const snapshotClasses: readonly Manifest[] = [
  snapshotClass('dir'),
  snapshotClass('dir-slow-cut', { cutDelayMs: '4000' }),
  snapshotClass('dir-slow-ready', { readyDelayMs: '8000' }),
  snapshotClass('dir-fail-twice', { failCut: '2' }),
  snapshotClass('dir-fail', { failCut: 'always' }),
  snapshotClass('dir-fail-ready', { readyDelayMs: '2000', failReady: 'always' }),
];

function storageClass(
  name: string,
  volumeBindingMode: string,
  parameters?: Readonly<Record<string, string>>,
): Manifest {
  return {
    path: `/apis/storage.k8s.io/v1/storageclasses/${name}`,
    object: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name, ...defaultWhen(name === 'dir', 'storageclass') },
      provisioner: driverName,
      volumeBindingMode,
      reclaimPolicy: 'Delete',
      allowVolumeExpansion: true,
      ...(parameters && { parameters }),
    },
  };
}

function snapshotClass(name: string, parameters?: Readonly<Record<string, string>>): Manifest {
  return {
    path: `/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses/${name}`,
    object: {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: { name, ...defaultWhen(name === 'dir', 'snapshot.storage') },
      driver: driverName,
      deletionPolicy: 'Delete',
      ...(parameters && { parameters }),
    },
  };
}

function defaultWhen(isDefault: boolean, group: string): object {
  return isDefault ? { annotations: { [`${group}.kubernetes.io/is-default-class`]: 'true' } } : {};
}
