// report, and always: whatever happened, the status tells it, and nothing is left behind but the latest image. Needs
// only the run's identity, so that it also closes what a lost `beginDestination` has begun.
import { activityInfo } from '@temporalio/activity';
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { ReceiveOutcome, SourceRef } from '../api/sync.ts';
import { pvcGoes } from '../domain/destination-plan.ts';
import { destinationSucceeded } from '../domain/destination-status.ts';
import { isOf } from '../domain/destination-volume.ts';
import { events } from '../domain/events.ts';
import { cacheName, runAnnotations, runLabels } from '../domain/names.ts';
import { asDestination } from '../domain/ownership.ts';
import { cleanedUp, syncFailed } from '../domain/sync-status.ts';
import { uidOf } from '../domain/preconditions.ts';
import { isNotFound } from '../kubernetes/kubernetes-error.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { removeSupersededImages } from './destination-images.ts';
import { measureDestination } from './measure-sync.ts';
import { findStanding, patchStatusOf } from './owner.ts';
import { removeRun } from './remove-run.ts';

/** Reports, and removes superseded images and the run's objects. A sync that failed leaves the latest image as it was. */
export async function closeDestination(
  context: SyncContext,
  ref: SourceRef,
  outcome: ReceiveOutcome,
): Promise<void> {
  const { cluster } = context;
  return attended(async ({ signal }) => {
    const { run } = currentRun();
    const destination = await findStanding(cluster.destinations, ref, signal);
    const now = cluster.now();
    // Deleted in mid-sync: nobody is left to read a status, and its images go with it.
    const reported = destination && (await reportOnce(context, { destination, ref, outcome, now, signal }));
    const going = pvcsThatGo(ref, reported, outcome);
    for (const name of going) await givePvcToRun(context, { ref, name, signal });
    const thorough = going.length > 0 || outcome.result !== 'Successful';
    await removeRun(context, { namespace: ref.namespace, run, thorough, signal });
    if (reported !== undefined) {
      await removeSupersededImages(cluster, reported, signal);
      const tidied = cleanedUp(reported, now);
      if (tidied !== undefined) await patchStatusOf(cluster.destinations, reported, tidied);
    }
    context.metrics.syncEnded(measureDestination({ ref, outcome, destination, now }));
  });
}

interface Reporting {
  readonly destination: ReplicationDestination;
  readonly ref: SourceRef;
  readonly outcome: ReceiveOutcome;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Returns the destination as it stands after the report. */
async function reportOnce(context: SyncContext, reporting: Reporting): Promise<ReplicationDestination> {
  return (await reportedBefore(context, reporting)) ?? report(context, reporting);
}

// By an earlier attempt, of which Temporal did not hear: told again, `lastSyncTime` would speak of a sync that never was.
async function reportedBefore(
  { cluster }: SyncContext,
  { ref, outcome, signal }: Reporting,
): Promise<ReplicationDestination | undefined> {
  if (outcome.result !== 'Successful' || activityInfo().attempt === 1) return undefined;
  const destination = await cluster.destinations.get(ref, { signal });
  return destination?.status?.lastSyncStartTime === outcome.plan.startTime ? undefined : destination;
}

async function report({ cluster }: SyncContext, { destination, outcome, now }: Reporting) {
  const status =
    outcome.result === 'Successful'
      ? destinationSucceeded(destination, outcome.plan, { ...outcome, now })
      : syncFailed(destination, outcome, now);
  const reported = await patchStatusOf(cluster.destinations, destination, status);
  if (outcome.result !== 'Successful')
    await cluster.record({ regarding: destination, ...events.syncFailed(outcome.reason, outcome.message) });
  else if (outcome.moved.warning !== undefined)
    await cluster.record({ regarding: destination, ...events.moverWarning(outcome.moved.warning) });
  return reported;
}

/** Names of the PVCs that otherwise stay between syncs. */
function pvcsThatGo(
  ref: SourceRef,
  reported: ReplicationDestination | undefined,
  outcome: ReceiveOutcome,
): readonly string[] {
  const cacheGoes = reported?.spec?.restic?.cleanupCachePVC === true;
  const receivedGoes = outcome.result === 'Successful' && pvcGoes(outcome.plan.spec, outcome.plan.mover);
  return [
    ...(cacheGoes ? [cacheName(asDestination(ref))] : []),
    ...(receivedGoes ? [outcome.plan.pvc.name] : []),
  ];
}

interface Going {
  readonly ref: SourceRef;
  /** Of the PVC. */
  readonly name: string;
  readonly signal: AbortSignal;
}

// From then on it goes as the run's other objects do, also if this worker dies.
async function givePvcToRun({ cluster }: SyncContext, { ref, name, signal }: Going): Promise<void> {
  const { run } = currentRun();
  const key = { namespace: ref.namespace, name };
  const pvc = await cluster.pvcs.get(key, { signal });
  if (pvc === undefined || !isOf(asDestination(ref), pvc)) return;
  const metadata = { ...uidOf(pvc), labels: runLabels(ref, run), annotations: runAnnotations(run) };
  try {
    await cluster.pvcs.patch(key, { metadata }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
