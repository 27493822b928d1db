// What the status of a destination says besides that of a source (reference VolSync §7.1 and §7.2): merge patches, in
// which null removes a field. How a sync begins, fails and has cleaned up, both say in the same words: sync-status.ts.
import type { LatestImage, ReplicationDestination } from '../api/replication-destination.ts';
import type { ReceivePlan, ReceiveReport } from '../api/sync.ts';
import type { DestinationPlan } from './destination-plan.ts';
import { goDuration } from './duration.ts';
import { condition, nextSyncTime } from './sync-status.ts';
import type { StatusPatch } from './sync-status.ts';
import { wholeSeconds } from './time.ts';

/** Where and with which keys the source connects. */
export interface Connection {
  readonly mover: 'rsync-tls' | 'rsync';
  /** Absent: no Service is ours. */
  readonly address?: string | undefined;
  /** The Secret that was made for the source to use. Absent: the owner has given one. */
  readonly secretName?: string | undefined;
}

const CONNECTIONS = {
  'rsync-tls': { section: 'rsyncTLS', keys: 'keySecret' },
  rsync: { section: 'rsync', keys: 'sshKeys' },
} as const;

/** The source can connect from now on; undefined when the status says so already. */
export function connectionPublished(
  { status }: ReplicationDestination,
  { mover, address, secretName }: Connection,
): StatusPatch | undefined {
  const { section, keys } = CONNECTIONS[mover];
  const said: Readonly<Record<string, unknown>> = status?.[section] ?? {};
  if (said['address'] === address && said[keys] === secretName) return undefined;
  return { [section]: { address: address ?? null, [keys]: secretName ?? null } };
}

export interface Received extends ReceiveReport {
  /** API-server time, milliseconds since the epoch. */
  readonly now: number;
}

/** The image stands, and PVCs can be restored from it; a sync that fails leaves the image of the one before. */
export function destinationSucceeded(
  destination: ReplicationDestination,
  plan: Pick<ReceivePlan, 'startTime' | 'spec'>,
  { image, moved, now }: Received,
): StatusPatch {
  const time = wholeSeconds(now);
  const trigger = plan.spec['trigger'] as { manual?: string } | undefined;
  return {
    lastSyncStartTime: null,
    lastSyncTime: time,
    lastSyncDuration: goDuration(now - Date.parse(plan.startTime)),
    nextSyncTime: nextSyncTime(destination, now),
    lastManualSync: trigger?.manual ?? '',
    latestImage: image,
    latestMoverStatus: { result: 'Successful', logs: moved.logs },
    conditions: [
      condition(destination, { status: 'False', reason: 'CleaningUp', message: 'Cleaning up' }, time),
    ],
  };
}

/** `status.latestImage`: the VolumeSnapshot of this name, or, with `Direct`, the PVC itself. */
export function latestImage(copyMethod: DestinationPlan['copyMethod'], name: string): LatestImage {
  return copyMethod === 'Snapshot'
    ? { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name }
    : { apiGroup: '', kind: 'PersistentVolumeClaim', name };
}

/** Name of the VolumeSnapshot that is the latest image; undefined when none is. */
export function latestSnapshot({ status }: ReplicationDestination): string | undefined {
  return status?.latestImage?.kind === 'VolumeSnapshot' ? status.latestImage.name : undefined;
}
