// The objects that a destination's data lives in: the PVC that receives it, and the image that is taken of the PVC
// once all has arrived. Both outlast the run that made them (reference VolSync §4.1, §4.8 and §7.2).
import type { KubernetesObject, PersistentVolumeClaim, VolumeSnapshot } from '../api/kubernetes.ts';
import type { Owner } from '../api/sync.ts';
import type { DestinationVolume } from './destination-plan.ts';
import { ANNOTATIONS_OF_RUN, crc32, LABELS, lastingLabels, runAnnotations } from './names.ts';
import { ownedBy } from './ownership.ts';
import { asRead } from './preconditions.ts';
import { POPULATION } from './volume-population.ts';

type Metadata = KubernetesObject['metadata'];
export type MergePatch = Readonly<Record<string, unknown>>;

/** The PVC that is made where the owner names none. */
export function destinationPvc(
  destination: Owner,
  volume: DestinationVolume & { readonly kind: 'dynamic' },
): PersistentVolumeClaim {
  const { name, capacity, accessModes, storageClassName } = volume;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: destination.namespace,
      labels: lastingLabels(),
      ownerReferences: [ownedBy(destination)],
    },
    spec: {
      accessModes,
      volumeMode: 'Filesystem',
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: capacity } },
    },
  };
}

/** Whether an object under a name of ours was made for this destination, and is not on its way out. */
export function isOf(destination: Pick<Owner, 'uid'>, { metadata }: KubernetesObject): boolean {
  return isOwned(destination, metadata) && metadata.deletionTimestamp === undefined;
}

/**
 * What has to change about the PVC of an earlier sync: its size, and that it goes with no run any more. Undefined:
 * nothing. Its class and access modes are as they were made.
 */
export function destinationPvcPatch(
  found: PersistentVolumeClaim,
  wanted: PersistentVolumeClaim,
): MergePatch | undefined {
  const metadata = lastingPatch(found.metadata);
  const storage = storageOf(wanted);
  const spec = storage === storageOf(found) ? undefined : { resources: { requests: { storage } } };
  return metadata || spec ? { ...(metadata && { metadata }), ...(spec && { spec }) } : undefined;
}

function storageOf({ spec }: PersistentVolumeClaim): string | undefined {
  return spec?.resources?.requests?.storage;
}

const OF_RUN = [LABELS.cleanup, LABELS.run] as const;

// A run that was to remove it has died, or came from a version that marked it at once.
function lastingPatch({ labels = {} }: Metadata): MergePatch | undefined {
  if (OF_RUN.every((key) => labels[key] === undefined)) return undefined;
  return {
    labels: Object.fromEntries(OF_RUN.map((key) => [key, null])),
    annotations: { [ANNOTATIONS_OF_RUN.workflowId]: null },
  };
}

/** What an image is taken of, for whom, and by which run. */
export interface ImageOrder {
  readonly destination: Owner;
  readonly run: string;
  readonly pvcName: string;
  /** Milliseconds since the epoch; fixed in the run's history, so that a retry finds its own image. */
  readonly time: number;
  readonly volumeSnapshotClassName?: string | undefined;
}

/**
 * The VolumeSnapshot that becomes `status.latestImage`. It does not carry the label of its run, which everything that
 * carries it ends with; what never became the latest image is superseded at once.
 */
export function imageOf(order: ImageOrder): VolumeSnapshot {
  const { destination, run, pvcName, volumeSnapshotClassName } = order;
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: {
      name: imageName(order),
      namespace: destination.namespace,
      labels: lastingLabels(),
      annotations: runAnnotations(run),
      ownerReferences: [ownedBy(destination)],
    },
    spec: {
      source: { persistentVolumeClaimName: pvcName },
      ...(volumeSnapshotClassName !== undefined && { volumeSnapshotClassName }),
    },
  };
}

/** True for the image that this very run has taken. */
export function isOurImage({ destination, run }: ImageOrder, snapshot: VolumeSnapshot): boolean {
  return (
    isOf(destination, snapshot) && snapshot.metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId] === run
  );
}

const LONGEST_NAME = 253;

/**
 * VolSync's `<pvc>-<YYYYMMDDhhmmss>`, but in UTC and with eight hex digits of the run behind it: VolSync's names repeat
 * within a second and when the clocks go back, and tell no run from the next (RD-2). A pvc name that leaves no room
 * is replaced by its CRC-32, as VolSync does with others.
 */
export function imageName({ pvcName, run, time }: Pick<ImageOrder, 'pvcName' | 'run' | 'time'>): string {
  const digits = new Date(time).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  const suffix = `-${digits}-${crc32(run)}`;
  const fits = pvcName.length + suffix.length <= LONGEST_NAME;
  return `${fits ? pvcName : crc32(pvcName)}${suffix}`;
}

/** Names of images that are to be deleted, and of those that are only to be let go of. */
export interface Superseded {
  readonly remove: readonly string[];
  readonly relinquish: readonly string[];
}

/**
 * Which VolumeSnapshots of this destination are not needed any more; `current` is the name of the one that is
 * `status.latestImage`, if one is. Those of VolSync count as ours. An image that a PVC is being populated from belongs
 * to that PVC from now on; one that is just about to be, which only a label says (VH-9), is left for the next time.
 */
export function superseded(
  snapshots: readonly VolumeSnapshot[],
  destination: Pick<Owner, 'uid'>,
  current: string | undefined,
): Superseded {
  const ours = snapshots.filter((snapshot) => isOf(destination, snapshot));
  const fated = (fate: Fate) =>
    ours.filter(({ metadata }) => fateOf(metadata, destination, current) === fate).map(nameOf);
  return { remove: fated('remove'), relinquish: fated('relinquish') };
}

type Fate = 'keep' | 'remove' | 'relinquish';

function fateOf(metadata: Metadata, destination: Pick<Owner, 'uid'>, current: string | undefined): Fate {
  if (isKept(metadata)) return 'relinquish';
  if (metadata.name === current) return 'keep';
  if (othersOf(metadata, destination).length > 0) return 'relinquish';
  return isAboutToBeUsed(metadata) ? 'keep' : 'remove';
}

/**
 * Lets go of an image: other owners keep it, or the owner of the application, who has labelled it. The list of
 * owners can only be replaced whole, so the patch holds for the version that was read.
 */
export function relinquished(snapshot: VolumeSnapshot, destination: Pick<Owner, 'uid'>): MergePatch {
  const { metadata } = snapshot;
  const others = othersOf(metadata, destination);
  const labels = { [LABELS.cleanup]: null, [LABELS.createdBy]: null, [LABELS.managedBy]: null };
  return {
    metadata: {
      ...asRead(snapshot),
      ownerReferences: others.length === 0 ? null : others,
      ...(isKept(metadata) && { labels }),
    },
  };
}

function isOwned({ uid }: Pick<Owner, 'uid'>, { ownerReferences = [] }: Metadata): boolean {
  return ownerReferences.some((owner) => owner.uid === uid);
}

function othersOf({ ownerReferences = [] }: Metadata, { uid }: Pick<Owner, 'uid'>) {
  return ownerReferences.filter((owner) => owner.uid !== uid);
}

function isKept({ labels }: Metadata): boolean {
  return labels?.[LABELS.doNotDelete] !== undefined;
}

function isAboutToBeUsed({ labels = {} }: Metadata): boolean {
  return Object.keys(labels).some((key) => key.startsWith(POPULATION.snapshotInUse('')));
}

function nameOf({ metadata }: KubernetesObject): string {
  return metadata.name;
}
