// What a destination reports: VolSync's status, field by field.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { ReplicationSourceStatus } from './replication-source-status.ts';

/** What the last successful sync left: a VolumeSnapshot, or the PVC itself. */
export const LatestImage = z
  .object({
    apiGroup: z
      .string()
      .exactOptional()
      .describe('API group of the image: `snapshot.storage.k8s.io`, or empty for a PVC.'),
    kind: z.string().describe('`VolumeSnapshot` or `PersistentVolumeClaim`.'),
    name: z.string().describe('Name of the image, in the namespace of the destination.'),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });
export type LatestImage = Immutable<z.infer<typeof LatestImage>>;

const connection = {
  address: z.string().exactOptional().describe('Where the source connects.'),
  port: z.int32().exactOptional().describe('VolSync’s field, which it never writes; nor do we.'),
};

export const RsyncTlsDestinationStatus = z.object({
  keySecret: z
    .string()
    .exactOptional()
    .describe(
      'Secret with the pre-shared key that was made for this destination; the source needs the same.',
    ),
  ...connection,
});

export const RsyncDestinationStatus = z.object({
  sshKeys: z.string().exactOptional().describe('Secret with the keys that the source needs.'),
  ...connection,
});

// These mean the same on both sides.
const shared = ReplicationSourceStatus.pick({
  lastSyncStartTime: true,
  lastSyncTime: true,
  nextSyncTime: true,
  lastManualSync: true,
  latestMoverStatus: true,
  conditions: true,
  external: true,
}).shape;

export const ReplicationDestinationStatus = z.object({
  ...shared,
  lastSyncDuration: z
    .string()
    .exactOptional()
    .describe('How long that sync took, waiting for the source to send included: `1m33.5s`.'),
  latestImage: LatestImage.exactOptional().describe(
    'What the last successful sync left; PVCs are restored from it. Absent: no sync has succeeded yet.',
  ),
  rsyncTLS: RsyncTlsDestinationStatus.exactOptional().describe('What the source needs to know.'),
  rsync: RsyncDestinationStatus.exactOptional().describe('What the source needs to know.'),
});
export type ReplicationDestinationStatus = Immutable<z.infer<typeof ReplicationDestinationStatus>>;
