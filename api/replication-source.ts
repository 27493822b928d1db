// A source: what is copied, when, how and where to. The shape is VolSync's, as lenient as its CRD and without
// defaults; what the fields must be for a sync to work is decided in domain/plan.ts.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import type { ObjectMeta } from './kubernetes.ts';
import { ExternalOptions, SyncthingOptions } from './other-movers.ts';
import { RcloneOptions } from './rclone-options.ts';
import { ReplicationSourceStatus } from './replication-source-status.ts';
import { ResticOptions } from './restic-options.ts';
import { RsyncOptions, RsyncTlsOptions } from './rsync-options.ts';

export { ExternalOptions, SyncthingOptions } from './other-movers.ts';
export { RcloneOptions } from './rclone-options.ts';
export { Condition, LastCopy, ReplicationSourceStatus } from './replication-source-status.ts';
export { ResticOptions } from './restic-options.ts';
export { RsyncOptions, RsyncTlsOptions } from './rsync-options.ts';
export { CopyMethod } from './volume-options.ts';

/**
 * VolSync's own pattern. It is not grouped, so the first half is anchored only at its start and the second only
 * at its end: `@hourlyfoo` and `TZ=UTC 0 0 * * *` pass, `0 0 * * MON` does not. Sources in the field rely on it.
 */
const SCHEDULE_PATTERN =
  /^(@(annually|yearly|monthly|weekly|daily|hourly))|((((\d+,)*\d+|(\d+(\/|-)\d+)|\*(\/\d+)?)\s?){5})$/;

/** When a sync is due: `manual` wins over `schedule`; with neither, the next sync follows the last one. */
export const Trigger = z.object({
  schedule: z
    .string()
    .regex(SCHEDULE_PATTERN)
    .exactOptional()
    .describe(
      'Cron schedule of five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`; in UTC unless the annotation `stillpoint.dev/time-zone` names a zone. Absent: no schedule.',
    ),
  manual: z
    .string()
    .exactOptional()
    .describe(
      'Each new value starts one sync, and `status.lastManualSync` answers with the value. While it is set, `schedule` is ignored. Absent or empty: `schedule` decides.',
    ),
});
export type Trigger = Immutable<z.infer<typeof Trigger>>;

export const ReplicationSourceSpec = z.object({
  sourcePVC: z
    .string()
    .exactOptional()
    .describe('Name of the PVC to copy from, in the namespace of the source. A sync needs it.'),
  trigger: Trigger.exactOptional().describe(
    'When a sync is due. Absent or empty: the next one starts when the last has ended.',
  ),
  rsync: RsyncOptions.exactOptional().describe(
    'Moves the data by rsync over ssh. Prefer `rsyncTLS`, which needs no root.',
  ),
  rsyncTLS: RsyncTlsOptions.exactOptional().describe('Moves the data by rsync inside TLS.'),
  rclone: RcloneOptions.exactOptional().describe('Moves the data to object storage by rclone.'),
  restic: ResticOptions.exactOptional().describe('Moves the data to a repository of restic.'),
  syncthing: SyncthingOptions.exactOptional().describe(
    'Shares the PVC live by Syncthing. Stillpoint does not serve such a source.',
  ),
  external: ExternalOptions.exactOptional().describe('Leaves the source to the controller of someone else.'),
  paused: z.boolean().exactOptional().describe('While true, no sync of this source starts. Absent: false.'),
});
export type ReplicationSourceSpec = Immutable<z.infer<typeof ReplicationSourceSpec>>;

export const ReplicationSource = z.object({
  apiVersion: z.literal('volsync.backube/v1alpha1').exactOptional(),
  kind: z.literal('ReplicationSource').exactOptional(),
  metadata: z.custom<ObjectMeta>(hasName, 'must be an object with a name'),
  spec: ReplicationSourceSpec.exactOptional().describe(
    'What to copy, when, and where to. Exactly one of the movers `restic`, `rclone`, `rsyncTLS`, `rsync` is set.',
  ),
  status: ReplicationSourceStatus.exactOptional().describe('What the last and the next sync look like.'),
});
export type ReplicationSource = Immutable<z.infer<typeof ReplicationSource>>;

function hasName(metadata: unknown): boolean {
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    'name' in metadata &&
    typeof metadata.name === 'string'
  );
}
