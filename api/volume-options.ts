import { z } from 'zod';
import { Quantity } from './kubernetes-values.ts';

/** `None` is the old word for `Direct`. Absent is allowed here and refused when a sync begins. */
export const CopyMethod = z.enum(['Direct', 'None', 'Clone', 'Snapshot']);
export type CopyMethod = z.infer<typeof CopyMethod>;

/** How the copy of the pvc is made: the same fields in restic, rclone, rsyncTLS and rsync. */
export const VolumeOptions = z.object({
  copyMethod: CopyMethod.exactOptional().describe(
    'How the image that the mover reads is made: `Snapshot` takes a VolumeSnapshot and restores a temporary PVC from it; `Clone` clones the PVC; `Direct` reads the PVC itself, without a point-in-time copy and so without a copy trigger; `None` is the old name of `Direct`. There is no default: a sync of a source without it is refused.',
  ),
  capacity: Quantity.exactOptional().describe(
    'Size of the temporary PVC. Absent: the size of the snapshot, or of the source PVC.',
  ),
  storageClassName: z
    .string()
    .exactOptional()
    .describe('StorageClass of the temporary PVC. Absent: the class of the source PVC.'),
  accessModes: z
    .array(z.string())
    .min(1)
    .exactOptional()
    .describe('Access modes of the temporary PVC, such as `ReadWriteOnce`. Absent: those of the source PVC.'),
  volumeSnapshotClassName: z
    .string()
    .exactOptional()
    .describe(
      'VolumeSnapshotClass for `copyMethod: Snapshot`. Absent: the default class of the storage driver.',
    ),
});
