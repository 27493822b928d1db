// The objects that make a copy: a VolumeSnapshot and the PVC restored from it, or a clone (reference
// VolSync §4.3 and §4.4 for sizes, classes and access modes).
import type { PersistentVolumeClaim, VolumeSnapshot } from '../api/kubernetes.ts';
import type { Consistency, PvcLikeness, ReleaseAt, SourceRef } from '../api/sync.ts';
import { LABELS, runAnnotations, runLabels } from './names.ts';
import { asOwner, ownedBy } from './ownership.ts';

/** The volume options of a mover's section. */
export interface VolumeOptions {
  readonly copyMethod?: string | undefined;
  readonly capacity?: string | number | undefined;
  readonly storageClassName?: string | undefined;
  readonly accessModes?: readonly string[] | undefined;
  readonly volumeSnapshotClassName?: string | undefined;
}

/** What a copy is made for, and what it is called. */
export interface CopyOrder {
  readonly source: SourceRef;
  readonly run: string;
  readonly windowId?: string;
  readonly name: string;
  readonly pvc: { readonly name: string } & PvcLikeness;
  readonly options: VolumeOptions;
  readonly releaseAt?: ReleaseAt | undefined;
  readonly consistency?: Consistency | undefined;
}

/** Annotation of a copy whose application is let go only when it is ready to use. */
const RELEASE_AT = 'stillpoint.dev/release-at';

export function snapshotOf(order: CopyOrder): VolumeSnapshot {
  const volumeSnapshotClassName = order.options.volumeSnapshotClassName;
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: snapshotMetadata(order),
    spec: {
      source: { persistentVolumeClaimName: order.pvc.name },
      ...(volumeSnapshotClassName !== undefined && { volumeSnapshotClassName }),
    },
  };
}

export function cloneOf(order: CopyOrder): PersistentVolumeClaim {
  return pvcFrom(order, { kind: 'PersistentVolumeClaim', name: order.pvc.name });
}

/** The PVC restored from the snapshot of the same name. */
export function restoredFrom(order: CopyOrder, snapshot: VolumeSnapshot): PersistentVolumeClaim {
  const source = {
    apiGroup: 'snapshot.storage.k8s.io',
    kind: 'VolumeSnapshot',
    name: snapshot.metadata.name,
  };
  const restoreSize = snapshot.status?.restoreSize;
  return pvcFrom(order, source, restoreSize === '0' ? undefined : restoreSize);
}

export function likenessOf({ spec = {}, status }: PersistentVolumeClaim): PvcLikeness {
  const { storageClassName, accessModes, volumeMode, resources } = spec;
  const storage = status?.capacity?.storage ?? resources?.requests?.storage;
  return { storageClassName, accessModes, volumeMode, storage };
}

/** The CSI driver that has made the pvc's volume, as the cluster noted it there; undefined for a volume made by hand. */
export function driverOf({ metadata: { annotations = {} } }: PersistentVolumeClaim): string | undefined {
  return PROVISIONERS.map((key) => annotations[key]).find((driver) => driver !== undefined);
}

const PROVISIONERS = [
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
];

/** True for an object that was made for this very run and window, and is not on its way out. */
export function isOurCopy(
  object: { readonly metadata: VolumeSnapshot['metadata'] },
  order: CopyOrder,
): boolean {
  const wanted = copyMetadata(order).labels;
  const labels = object.metadata.labels ?? {};
  const labelled = [LABELS.cleanup, LABELS.run, LABELS.copyWindow].every(
    (label) => labels[label] === wanted[label],
  );
  return labelled && object.metadata.deletionTimestamp === undefined;
}

function pvcFrom(
  order: CopyOrder,
  dataSource: { apiGroup?: string; kind: string; name: string },
  restoreSize?: string,
): PersistentVolumeClaim {
  const { options, pvc } = order;
  const storage = options.capacity ?? restoreSize ?? pvc.storage;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: copyMetadata(order),
    spec: {
      ...placementOf(options, pvc),
      ...(storage !== undefined && { resources: { requests: { storage: String(storage) } } }),
      dataSource,
    },
  };
}

function placementOf(options: VolumeOptions, copied: PvcLikeness) {
  const storageClassName = options.storageClassName ?? copied.storageClassName;
  return {
    accessModes: options.accessModes ?? copied.accessModes ?? ['ReadWriteOnce'],
    volumeMode: copied.volumeMode ?? 'Filesystem',
    ...(storageClassName !== undefined && { storageClassName }),
  };
}

// On the copy itself, where every sync of the window sees it.
function snapshotMetadata(order: CopyOrder) {
  const metadata = copyMetadata(order);
  if (order.releaseAt !== 'ready') return metadata;
  return { ...metadata, annotations: { ...metadata.annotations, [RELEASE_AT]: order.releaseAt } };
}

/** The instant at which the storage fixed this copy; undefined as long as its application must stand still. */
export function cutOf({ metadata, status }: VolumeSnapshot): string | undefined {
  const waits = metadata.annotations?.[RELEASE_AT] === 'ready' && status?.readyToUse !== true;
  return waits ? undefined : status?.creationTime;
}

function copyMetadata({ source, run, windowId, consistency, name }: CopyOrder) {
  const labels: Record<string, string> = runLabels(source, run);
  if (windowId !== undefined) labels[LABELS.copyWindow] = windowId;
  if (consistency !== undefined) labels[LABELS.consistency] = consistency;
  return {
    name,
    namespace: source.namespace,
    labels,
    annotations: runAnnotations(run),
    ownerReferences: [ownedBy(asOwner(source))],
  };
}
