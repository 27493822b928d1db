// Names of the objects that a sync makes: VolSync's, and for copies VolSync's plus eight hex digits of the
// window and run, so that a retry finds its own copy and a second acceptance never finds the first one's.
import type { MoverName, Owner } from '../api/sync.ts';

export const LABELS = {
  createdBy: 'app.kubernetes.io/created-by',
  managedBy: 'app.kubernetes.io/managed-by',
  cleanup: 'volsync.backube/cleanup',
  doNotDelete: 'volsync.backube/do-not-delete',
  copyWindow: 'stillpoint.dev/copy-window-id',
  consistency: 'stillpoint.dev/consistency',
  run: 'stillpoint.dev/run',
} as const;

/** Annotations of an object that belongs to one run: a label has no room for a workflow id. */
export const ANNOTATIONS_OF_RUN = { workflowId: 'stillpoint.dev/workflow-id' } as const;

const CREATED_BY = 'volsync';
const LONGEST_LABEL = 63;
const LONGEST_OBJECT_NAME = 253;

/** Labels of an object that belongs to one run and goes when it ends (`cleanup` is VolSync's: the source's uid). */
export function runLabels(source: { readonly uid: string }, run: string): Record<string, string> {
  return { ...lastingLabels(), [LABELS.cleanup]: source.uid, [LABELS.run]: crc32(run) };
}

/** Says to whom the object belongs, for Temporal to be asked. */
export function runAnnotations(run: string): Record<string, string> {
  return { [ANNOTATIONS_OF_RUN.workflowId]: run };
}

/** Labels of an object that lives as long as its source. */
export function lastingLabels(): Record<string, string> {
  return { [LABELS.createdBy]: CREATED_BY, [LABELS.managedBy]: 'stillpoint' };
}

/** Name of the VolumeSnapshot, of the PVC restored from it, or of the clone. A run without a window of its own gives its run id. */
export function copyName(sourceName: string, window: string, run: string): string {
  const suffix = `-src-${crc32(`${window}/${run}`)}`;
  return `volsync-${fitting(sourceName, LONGEST_OBJECT_NAME - 'volsync-'.length - suffix.length)}${suffix}`;
}

/** VolSync's name of a Job or Service: a Job's fixed name is what keeps two movers of one source apart. */
export function shortenedName(prefix: string, ownerName: string): string {
  return `${prefix}${fitting(ownerName, LONGEST_LABEL - prefix.length)}`;
}

/** VolSync's name of the volume that a mover keeps between syncs. */
export function cacheName({ kind, name }: Pick<Owner, 'kind' | 'name'>): string {
  return `volsync-${kind === 'ReplicationSource' ? 'src' : 'dst'}-${name}-cache`;
}

/** VolSync's name of the PVC that receives the data where the owner names none; it is not shortened. */
export function destinationPvcName(mover: MoverName, destinationName: string): string {
  return `volsync-${destinationName}-${mover === 'restic' || mover === 'rclone' ? 'dest' : 'dst'}`;
}

// VolSync's rule: a name that does not fit is replaced by its CRC-32.
function fitting(name: string, longest: number): string {
  return name.length <= longest ? name : crc32(name);
}

/** CRC-32 (IEEE) as eight hex digits. */
export function crc32(text: string): string {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}
