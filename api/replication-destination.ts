// A destination: where data comes from, when, and what is made of it. The shape is VolSync's, as lenient as its CRD
// and without defaults; what the fields must be for a sync to work is decided in domain/destination-plan.ts.
import { z } from 'zod';
import {
  RcloneDestinationOptions,
  ResticDestinationOptions,
  RsyncDestinationOptions,
  RsyncTlsDestinationOptions,
} from './destination-options.ts';
import type { Immutable } from './immutable.ts';
import { ExternalDestinationOptions } from './other-movers.ts';
import { ReplicationDestinationStatus } from './replication-destination-status.ts';
import { ReplicationSource, Trigger } from './replication-source.ts';

export {
  RcloneDestinationOptions,
  ResticDestinationOptions,
  RsyncDestinationOptions,
  RsyncTlsDestinationOptions,
} from './destination-options.ts';
export { ExternalDestinationOptions } from './other-movers.ts';
export { LatestImage, ReplicationDestinationStatus } from './replication-destination-status.ts';

export const ReplicationDestinationSpec = z.object({
  trigger: Trigger.exactOptional().describe(
    'When a sync is due. Absent or empty: the next one starts when the last has ended, as is usual for `rsyncTLS` and `rsync`, which wait for their source.',
  ),
  rsync: RsyncDestinationOptions.exactOptional().describe(
    'Receives the data by rsync over ssh. Prefer `rsyncTLS`, which needs no root.',
  ),
  rsyncTLS: RsyncTlsDestinationOptions.exactOptional().describe('Receives the data by rsync inside TLS.'),
  rclone: RcloneDestinationOptions.exactOptional().describe(
    'Fetches the data from object storage by rclone.',
  ),
  restic: ResticDestinationOptions.exactOptional().describe('Restores the data from a repository of restic.'),
  external: ExternalDestinationOptions.exactOptional().describe(
    'Leaves the destination to the controller of someone else.',
  ),
  paused: z
    .boolean()
    .exactOptional()
    .describe('While true, no sync of this destination starts. Absent: false.'),
});
export type ReplicationDestinationSpec = Immutable<z.infer<typeof ReplicationDestinationSpec>>;

export const ReplicationDestination = z.object({
  apiVersion: ReplicationSource.shape.apiVersion,
  kind: z.literal('ReplicationDestination').exactOptional(),
  metadata: ReplicationSource.shape.metadata,
  spec: ReplicationDestinationSpec.exactOptional().describe(
    'Where the data comes from, when, and which PVC receives it. Exactly one of the movers `restic`, `rclone`, `rsyncTLS`, `rsync` is set.',
  ),
  status: ReplicationDestinationStatus.exactOptional().describe(
    'What the last and the next sync look like, and what the last one left.',
  ),
});
export type ReplicationDestination = Immutable<z.infer<typeof ReplicationDestination>>;
