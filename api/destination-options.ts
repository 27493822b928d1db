// What a destination may say of each mover: where the data comes from, which PVC receives it, and what is made of
// it then. VolSync's fields, as lenient as its CRD.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { Quantity, StringMap } from './kubernetes-values.ts';
import { CustomCa, DestinationMoverOptions, RSYNC_MOVER_FIELDS } from './mover-options.ts';
import { Port } from './rsync-options.ts';
import { CopyMethod } from './volume-options.ts';

/** Which PVC receives the data, and what becomes of it: the same fields in all four movers. */
export const DestinationVolumeOptions = z.object({
  copyMethod: CopyMethod.exactOptional().describe(
    'What a sync leaves as its image once all data has arrived: `Snapshot` takes a VolumeSnapshot of the PVC, which stays until the next one is taken; `Direct` leaves the PVC itself; `None` is the old name of `Direct`. `Clone` is refused. There is no default: a sync of a destination without it is refused.',
  ),
  capacity: Quantity.exactOptional().describe(
    'Size of the PVC that is made to receive the data. Needed unless `destinationPVC` names one.',
  ),
  storageClassName: text('StorageClass of that PVC. Absent: the default class of the cluster.'),
  accessModes: z
    .array(z.string())
    .min(1)
    .exactOptional()
    .describe('Access modes of that PVC, such as `ReadWriteOnce`. Needed unless `destinationPVC` names one.'),
  volumeSnapshotClassName: text(
    'VolumeSnapshotClass for `copyMethod: Snapshot`. Absent: the default class of the storage driver.',
  ),
  destinationPVC: text(
    'An existing PVC that receives the data, in the namespace of the destination. Absent: one is made, of `capacity` and `accessModes`, and stays between syncs.',
  ),
  cleanupTempPVC: flag(
    'Whether the PVC that was made is removed once a sync has ended well, and the next one receives everything anew; after a sync that failed it stays. A PVC that `destinationPVC` names is never removed. Absent: false.',
  ),
});

export type DestinationVolumeOptions = Immutable<z.infer<typeof DestinationVolumeOptions>>;

export const ResticDestinationOptions = z.object({
  ...DestinationVolumeOptions.shape,
  ...DestinationMoverOptions.shape,
  repository: text(
    'Name of the Secret with `RESTIC_REPOSITORY`, `RESTIC_PASSWORD` and what the storage needs besides. A sync needs it.',
  ),
  customCA: CustomCa.exactOptional().describe(
    'Certificates by which restic recognises its server. Absent: the usual public ones.',
  ),
  cacheCapacity: Quantity.exactOptional().describe('Size of the PVC for the cache of restic. Absent: `1Gi`.'),
  cacheStorageClassName: text(
    'StorageClass of the PVC for the cache. Absent: `storageClassName`, else the default class of the cluster.',
  ),
  cacheAccessModes: z
    .array(z.string())
    .exactOptional()
    .describe(
      'Access modes of the PVC for the cache. Absent: `accessModes`, else those of the PVC that receives the data.',
    ),
  cleanupCachePVC: flag(
    'Whether the PVC for the cache is removed at the end of each sync. Absent: false, it stays between syncs.',
  ),
  previous: z
    .int32()
    .exactOptional()
    .describe(
      'How many of the newest eligible snapshots are passed over. Absent: 0, the newest is restored.',
    ),
  restoreAsOf: z
    .string()
    .meta({ format: 'date-time' }) // The API server checks it by this; domain/destination-plan.ts says what is wrong.
    .exactOptional()
    .describe('Snapshots taken after this time are not eligible. Absent: all are.'),
  enableFileDeletion: flag(
    'Whether files that the snapshot lacks are deleted from the PVC. Absent: false, they stay.',
  ),
});
export type ResticDestinationOptions = Immutable<z.infer<typeof ResticDestinationOptions>>;

export const RcloneDestinationOptions = z.object({
  ...DestinationVolumeOptions.shape,
  ...DestinationMoverOptions.shape,
  rcloneConfigSection: text('Name of the remote, a section of `rclone.conf`. A sync needs it.'),
  rcloneDestPath: text(
    'Path on the remote, such as `bucket/folder`, that the PVC is made equal to: what the path lacks is deleted from the PVC. A sync needs it.',
  ),
  rcloneConfig: text('Name of the Secret that holds the key `rclone.conf`. A sync needs it.'),
  customCA: CustomCa.exactOptional().describe(
    'Certificates by which rclone recognises its server. Absent: the usual public ones.',
  ),
});
export type RcloneDestinationOptions = Immutable<z.infer<typeof RcloneDestinationOptions>>;

const receiver = {
  volumeMode: text(
    '`Filesystem`; `Block` is accepted, and refused when a sync begins. Absent: `Filesystem`.',
  ),
  serviceType: text('Type of the Service by which the source connects. Absent: `ClusterIP`.'),
  serviceAnnotations: StringMap.exactOptional().describe(
    'Annotations of that Service; an empty map means none. Absent: the one that asks AWS for a network load balancer.',
  ),
};

export const RsyncTlsDestinationOptions = z.object({
  ...DestinationVolumeOptions.shape,
  ...DestinationMoverOptions.shape,
  ...receiver,
  keySecret: text(
    'Name of the Secret whose key `psk.txt` holds the pre-shared key; both sides need the same. Absent: one is made, and `status.rsyncTLS.keySecret` names it.',
  ),
});
export type RsyncTlsDestinationOptions = Immutable<z.infer<typeof RsyncTlsDestinationOptions>>;

export const RsyncDestinationOptions = z.object({
  ...DestinationVolumeOptions.shape,
  ...DestinationMoverOptions.pick(RSYNC_MOVER_FIELDS).shape,
  ...receiver,
  sshKeys: text(
    'Name of the Secret with the keys `destination`, `destination.pub` and `source.pub`. Absent: keys are made, and `status.rsync.sshKeys` names the Secret for the other side.',
  ),
  address: text('Present: no Service is made and no address is reported. Absent: both.'),
  port: Port.exactOptional().describe('TCP port of the Service. Absent: 22.'),
  path: text('Accepted for old manifests, and ignored.'),
  sshUser: text('Accepted for old manifests, and ignored: it is always root.'),
});
export type RsyncDestinationOptions = Immutable<z.infer<typeof RsyncDestinationOptions>>;

function text(meaning: string) {
  return z.string().exactOptional().describe(meaning);
}

function flag(meaning: string) {
  return z.boolean().exactOptional().describe(meaning);
}
