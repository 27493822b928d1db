// What a source reports: VolSync's status, field by field, and `lastCopy`, which is ours.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { StringMap, Time } from './kubernetes-values.ts';

/** Kubernetes' own condition. Ours is of type `Synchronizing`, with VolSync's reasons. */
export const Condition = z.object({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe('What is stated; for a sync `Synchronizing`.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it is so.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Why it is so, one CamelCase word for programs.'),
  message: z.string().max(32768).describe('Why it is so, a sentence for people.'),
  lastTransitionTime: Time.describe('When `status` last changed.'),
  observedGeneration: z
    .int()
    .min(0)
    .exactOptional()
    .describe('`metadata.generation` of the spec that this is said about.'),
});
export type Condition = Immutable<z.infer<typeof Condition>>;

/** The conversation with the application around the newest copy. A foreign CRD prunes it. */
export const LastCopy = z.object({
  consistency: z
    .string()
    .exactOptional()
    .describe(
      'How it was made: `triggered` by the owner of the application, `proceeded` by a person (`by`), or `crash-consistent`, because nobody was asked, or asked in vain. Absent: no copy is made (`Direct`).',
    ),
  by: z
    .string()
    .exactOptional()
    .describe(
      'Who let the sync proceed without a trigger: a person, or the task queue of the owner’s worker.',
    ),
  trigger: z
    .string()
    .exactOptional()
    .describe('Value of `copy-trigger` that was accepted. Absent: the copy was taken without one.'),
  askedTime: Time.exactOptional().describe(
    'When the application was asked to quiesce. Absent: it was not asked.',
  ),
  triggeredTime: Time.exactOptional().describe('When the application said that it stands still.'),
  cutTime: Time.exactOptional().describe('When the storage had fixed the image.'),
  releasedTime: Time.exactOptional().describe('When the application was told that it may resume.'),
  freeze: z
    .string()
    .exactOptional()
    .describe('How long the application stood still, from the trigger to the release: `1.25s`, `2m3s`.'),
});
export type LastCopy = Immutable<z.infer<typeof LastCopy>>;

export const MoverStatus = z.object({
  result: z.string().exactOptional().describe('`Successful` or `Failed`.'),
  logs: z.string().exactOptional().describe('The lines of its log that matter, at most 1024 bytes.'),
});
export type MoverStatus = Immutable<z.infer<typeof MoverStatus>>;

export const ResticStatus = z.object({
  lastPruned: Time.exactOptional().describe('When a sync last pruned the repository.'),
  lastUnlocked: z.string().exactOptional().describe('The `spec.restic.unlock` that was last carried out.'),
});

export const RsyncTlsStatus = z.object({
  keySecret: z
    .string()
    .exactOptional()
    .describe('Secret with the pre-shared key that was made for this source.'),
});

export const RsyncStatus = z.object({
  sshKeys: z.string().exactOptional().describe('Secret with the keys that the other side needs.'),
  address: z.string().exactOptional().describe('Address by which the other side connects.'),
  port: z.int32().exactOptional().describe('Port by which the other side connects.'),
});

export const SyncthingPeerStatus = z.object({
  address: z.string().describe('Where the peer is connected.'),
  ID: z.string().describe('Device ID of the peer.'),
  connected: z.boolean().describe('Whether it is connected now.'),
  name: z.string().exactOptional().describe('Name that the peer gives itself.'),
  introducedBy: z.string().exactOptional().describe('Device ID of the peer that introduced it.'),
});

export const SyncthingStatus = z.object({
  peers: z.array(SyncthingPeerStatus).exactOptional().describe('The peers that Syncthing knows.'),
  ID: z.string().exactOptional().describe('Device ID of this side.'),
  address: z.string().exactOptional().describe('Where this side listens.'),
});

export const ReplicationSourceStatus = z.object({
  lastSyncStartTime: Time.exactOptional().describe(
    'When the running sync began. Absent: no sync is running.',
  ),
  lastSyncTime: Time.exactOptional().describe('When the last successful sync ended.'),
  lastSyncDuration: z
    .string()
    .exactOptional()
    .describe('How long that sync took, waiting for the application included: `1m33.5s`.'),
  nextSyncTime: Time.exactOptional().describe('When the next sync is due. Absent: there is no schedule.'),
  lastManualSync: z
    .string()
    .exactOptional()
    .describe('The `spec.trigger.manual` that the last successful sync answered.'),
  latestMoverStatus: MoverStatus.exactOptional().describe('How the mover last ended.'),
  lastCopy: LastCopy.exactOptional().describe(
    'When the application was asked, stood still and was released around the newest copy.',
  ),
  conditions: z
    .array(Condition)
    .exactOptional()
    .describe('One condition of type `Synchronizing`: whether a sync is running, and why or why not.'),
  restic: ResticStatus.exactOptional().describe('What restic needs to remember.'),
  rsyncTLS: RsyncTlsStatus.exactOptional().describe('What the other side needs to know.'),
  rsync: RsyncStatus.exactOptional().describe('What the other side needs to know.'),
  external: StringMap.exactOptional().describe('Written by the controller that `spec.external` names.'),
  syncthing: SyncthingStatus.exactOptional().describe('Written for a source with `spec.syncthing` only.'),
});
export type ReplicationSourceStatus = Immutable<z.infer<typeof ReplicationSourceStatus>>;
