// Filling a PVC whose `dataSourceRef` names a ReplicationDestination from the destination's latest image (reference
// VolSync §7.7, the volume populator pattern of Kubernetes): a second PVC is restored from the snapshot, and its volume
// is then given to the first. One step at a time, decided from what stands there.
import type {
  OwnerReference,
  PersistentVolume,
  PersistentVolumeClaim,
  VolumeSnapshot,
} from '../api/kubernetes.ts';
import { crc32, LABELS, lastingLabels } from './names.ts';

const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const LONGEST_LABEL = 63;

export const POPULATION = {
  /** On the snapshot, while a PVC is filled from it: it is not removed. */
  snapshotInUse: (pvcUid: string) => `volsync.backube/volpop-pvc-${pvcUid}`,
  /** On the second PVC: the name of the first. */
  primeOf: 'volsync.backube/populator-pvc-for',
  /** On the volume. */
  populatedFrom: 'volsync.backube/populated-from',
} as const;

/** What stands in the cluster around one PVC. */
export interface PopulationView {
  readonly pvc: PersistentVolumeClaim;
  /** The second PVC. */
  readonly prime: PersistentVolumeClaim | undefined;
  /** Name of the VolumeSnapshot that the destination reports, if it reports one. */
  readonly image: string | undefined;
  readonly bindsLate: boolean;
}

export type PopulationStep =
  | { readonly do: 'nothing' }
  | { readonly do: 'wait'; readonly reason: 'image' | 'consumer' | 'volume' }
  | { readonly do: 'restore'; readonly from: string }
  | { readonly do: 'handOver'; readonly volume: string }
  | { readonly do: 'finish' };

/** Name of the destination that this PVC is to be filled from; undefined for every other PVC. */
export function populatedBy({ spec }: PersistentVolumeClaim): string | undefined {
  const { apiGroup, kind, name, namespace } = spec?.dataSourceRef ?? {};
  const ours = apiGroup === 'volsync.backube' && kind === 'ReplicationDestination';
  return ours && namespace === undefined ? name : undefined;
}

export function primeName(pvcUid: string): string {
  return `vs-prime-${pvcUid}`;
}

export function nextStep(view: PopulationView): PopulationStep {
  const { pvc, prime } = view;
  if (pvc.metadata.deletionTimestamp !== undefined) return { do: 'nothing' }; // The second PVC goes with it.
  if (pvc.status?.phase === 'Bound') return { do: prime === undefined ? 'nothing' : 'finish' };
  if (prime === undefined) return firstStep(view);
  const volume = prime.spec?.volumeName ?? '';
  return volume === '' ? { do: 'wait', reason: 'volume' } : { do: 'handOver', volume };
}

function firstStep({ pvc, image, bindsLate }: PopulationView): PopulationStep {
  if (image === undefined) return { do: 'wait', reason: 'image' };
  const early = bindsLate && selectedNode(pvc) === undefined;
  return early ? { do: 'wait', reason: 'consumer' } : { do: 'restore', from: image };
}

function selectedNode({ metadata }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.[SELECTED_NODE];
}

/** The second PVC: as the first wants it, restored from the snapshot; it goes with the first. */
export function primePvc(pvc: PersistentVolumeClaim, snapshot: string): PersistentVolumeClaim {
  const { name, namespace = '', uid = '' } = pvc.metadata;
  const node = selectedNode(pvc);
  const { accessModes, storageClassName, volumeMode, resources } = pvc.spec ?? {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: primeName(uid),
      namespace,
      labels: { ...lastingLabels(), [POPULATION.primeOf]: labelValue(name) },
      ...(node !== undefined && { annotations: { [SELECTED_NODE]: node } }),
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...(accessModes !== undefined && { accessModes }),
      ...(storageClassName !== undefined && { storageClassName }),
      ...(volumeMode !== undefined && { volumeMode }),
      ...(resources !== undefined && { resources }),
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot },
    },
  };
}

/** Keeps the snapshot while the PVC is filled from it: a label for people, an owner for the garbage collector. */
export function holdSnapshot(
  snapshot: VolumeSnapshot,
  pvc: PersistentVolumeClaim,
  prime: PersistentVolumeClaim,
) {
  const { uid = '', name } = pvc.metadata;
  const owners = snapshot.metadata.ownerReferences ?? [];
  const holder: OwnerReference = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    name: prime.metadata.name,
    uid: prime.metadata.uid ?? '',
  };
  const held = owners.some((owner) => owner.uid === holder.uid);
  return {
    labels: { [POPULATION.snapshotInUse(uid)]: labelValue(name) },
    ownerReferences: held ? owners : [...owners, holder],
  };
}

/** Takes back what `holdSnapshot` wrote. */
export function letSnapshotGo(
  snapshot: VolumeSnapshot,
  pvc: PersistentVolumeClaim,
  primeUid: string | undefined,
) {
  const owners = snapshot.metadata.ownerReferences ?? [];
  return {
    labels: { [POPULATION.snapshotInUse(pvc.metadata.uid ?? '')]: null },
    ownerReferences: owners.filter(({ uid }) => uid !== primeUid),
  };
}

/** Gives the volume of the second PVC to the first; undefined when it is given already. */
export function handOver(volume: PersistentVolume, pvc: PersistentVolumeClaim, snapshot: string) {
  const { namespace = '', name, uid = '' } = pvc.metadata;
  if (volume.spec?.claimRef?.uid === uid) return undefined;
  return {
    metadata: { annotations: { [POPULATION.populatedFrom]: `${namespace}/${snapshot}` } },
    spec: {
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace,
        name,
        uid,
        resourceVersion: null,
      },
    },
  };
}

/** Name of the snapshot that the second PVC was restored from. */
export function restoredFromSnapshot(prime: PersistentVolumeClaim): string {
  return prime.spec?.dataSource?.name ?? '';
}

function labelValue(name: string): string {
  return name.length <= LONGEST_LABEL ? name : crc32(name);
}

export function isPrime({ metadata }: PersistentVolumeClaim): boolean {
  return (
    metadata.labels?.[POPULATION.primeOf] !== undefined && metadata.labels[LABELS.managedBy] === 'stillpoint'
  );
}
