// Reads the destination and all it names, and refuses what cannot work, before anything is made or received.
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { MoverLimits, Owner, SourceRef } from '../api/sync.ts';
import { planDestination } from '../domain/destination-plan.ts';
import type { DestinationPlan } from '../domain/destination-plan.ts';
import { failures } from '../domain/failures.ts';
import { asDestination } from '../domain/ownership.ts';
import { SECTIONS, SOURCE_ANNOTATIONS } from '../domain/plan.ts';
import { moverOf } from '../movers/index.ts';
import type { Mover } from '../movers/mover.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { readMoverInput } from './mover-input.ts';
import type { MoverFacts } from './mover-input.ts';
import { findStanding } from './owner.ts';
import { requireClass } from './require-objects.ts';

export interface DestinationInput extends MoverFacts {
  readonly destination: ReplicationDestination;
  readonly owner: Owner;
  readonly plan: DestinationPlan;
  readonly mover: Mover;
  /** The owner's own PVC, where the destination names one. */
  readonly given?: PersistentVolumeClaim;
}

/** Throws one sentence for the owner, which names the object and what to do. */
export async function readDestinationInput(
  context: SyncContext,
  ref: SourceRef,
  signal: AbortSignal,
): Promise<DestinationInput> {
  const { cluster, settings } = context;
  const owner = asDestination(ref);
  const destination = await findStanding(cluster.destinations, ref, signal);
  if (destination === undefined) throw refusal(failures.ownerGone(owner));
  const decided = planDestination(destination, limitsOf(settings.limits));
  if ('refusal' in decided) throw refusal(decided.refusal);
  const mover = moverOf(decided.plan.mover, owner.kind, destination.spec ?? {});
  const plan = { ...decided.plan, limits: patience(destination, mover, decided.plan.limits) };
  const given = await requireVolume(context, owner, plan);
  const facts = await readMoverInput(context, { owner, mover, object: destination, signal });
  return { ...facts, destination, owner, plan, mover, ...(given !== undefined && { given }) };
}

// Field by field: they become part of the sync's history.
function limitsOf(limits: MoverLimits): MoverLimits {
  const { moverHeartbeatMs, moverAttempts, moverRetryMs, moverDeadlineMs, moverPendingMs } = limits;
  return { moverHeartbeatMs, moverAttempts, moverRetryMs, moverDeadlineMs, moverPendingMs };
}

// Long enough for everybody, and in the range of Kubernetes' own seconds.
const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000;

// Whoever waits for a sender waits as long as that takes, unless the owner has said how long.
function patience(destination: ReplicationDestination, { name }: Mover, limits: MoverLimits): MoverLimits {
  const said = destination.metadata.annotations?.[SOURCE_ANNOTATIONS.moverDeadline] !== undefined;
  const waitsForSender = name === 'rsync-tls' || name === 'rsync';
  return said || !waitsForSender ? limits : { ...limits, moverDeadlineMs: TEN_YEARS_MS };
}

async function requireVolume(
  { cluster }: SyncContext,
  owner: Owner,
  { mover, volume, copyMethod, volumeSnapshotClassName }: DestinationPlan,
): Promise<PersistentVolumeClaim | undefined> {
  if (copyMethod === 'Snapshot' && volumeSnapshotClassName !== undefined)
    await requireClass(cluster.volumeSnapshotClasses, 'VolumeSnapshotClass', volumeSnapshotClassName);
  if (volume.kind === 'dynamic') {
    if (volume.storageClassName !== undefined)
      await requireClass(cluster.storageClasses, 'StorageClass', volume.storageClassName);
    return undefined;
  }
  const name = `${owner.namespace}/${volume.name}`;
  const pvc = await cluster.pvcs.get({ namespace: owner.namespace, name: volume.name });
  if (pvc === undefined || pvc.metadata.deletionTimestamp !== undefined)
    throw refusal(
      failures.objectMissing(`PersistentVolumeClaim ${name}`, `spec.${SECTIONS[mover]}.destinationPVC`),
    );
  if (pvc.spec?.volumeMode === 'Block') throw refusal(failures.blockVolume(name));
  return pvc;
}
