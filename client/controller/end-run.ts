// Does for a sync that was ended from outside what it would have done itself at its end (activities/close-sync.ts,
// activities/close-destination.ts): the application is released, the status tells it, and nothing is left behind. Safe
// to do again, by several at once.
import type { OwnerObject } from '../../api/sync.ts';
import { leaveWindows } from '../../activities/leave-windows.ts';
import { removeImagesOfRun } from '../../activities/destination-images.ts';
import { removeRun } from '../../activities/remove-run.ts';
import { ownerOfRun } from '../../domain/ended-sync.ts';
import { events } from '../../domain/events.ts';
import type { Failure } from '../../domain/failures.ts';
import { scheduleIdOf } from '../../domain/messages.ts';
import { ownerOf } from '../../domain/ownership.ts';
import { moverInSpec } from '../../domain/schedule.ts';
import { syncFailed } from '../../domain/sync-status.ts';
import { asRead } from '../../domain/preconditions.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { isConflict, isNotFound } from '../../kubernetes/kubernetes-error.ts';
import type { Log } from '../../telemetry/log.ts';
import { syncMetrics } from '../../telemetry/sync-metrics.ts';
import { objectsOf } from './kept-kinds.ts';
import type { Runs } from './runs.ts';

export interface EndedRun {
  readonly namespace: string;
  readonly run: string;
  readonly failure: Failure;
  readonly signal: AbortSignal;
}

export interface EndRunOptions {
  readonly cluster: Cluster;
  readonly runs: Runs;
  readonly log: Log;
}

/** False: the status of the source or destination has just changed; look again. */
export async function endRun(options: EndRunOptions, ended: EndedRun): Promise<boolean> {
  await leaveWindows(options.cluster, ended);
  const reported = await reportEnd(options, ended);
  await removeRun(options, { ...ended, thorough: true });
  await removeImagesOfRun(options.cluster, ended);
  return reported;
}

async function reportEnd({ cluster, runs }: EndRunOptions, { run, failure }: EndedRun): Promise<boolean> {
  const owner = ownerOfRun(run);
  // Read before Temporal is asked: the patch fails if a sync that begins meanwhile has written its start.
  const object = owner && objectsOf(cluster, owner.kind).watch().get(owner);
  if (owner === undefined || object === undefined || !saysSynchronizing(object)) return true;
  if (await synchronizes(runs, scheduleIdOf(owner))) return true;
  const written = await writeStatus(cluster, object, failure);
  if (written === 'done') await tell(cluster, object, failure);
  return written !== 'outdated';
}

// Of several controllers only the one whose patch was taken comes here.
async function tell(cluster: Cluster, object: OwnerObject, failure: Failure): Promise<void> {
  syncMetrics.syncEnded({
    owner: ownerOf(object),
    mover: moverInSpec(object.spec ?? {}),
    result: 'Failed',
    reason: failure.reason,
  });
  await cluster.record({ regarding: object, ...events.syncFailed(failure.reason, failure.message) });
}

async function writeStatus(
  cluster: Cluster,
  object: OwnerObject,
  failure: Failure,
): Promise<'done' | 'outdated' | 'gone'> {
  const { kind, namespace, name } = ownerOf(object);
  const status = syncFailed(object, failure, cluster.now());
  try {
    await objectsOf(cluster, kind).patchStatus({ namespace, name }, { metadata: asRead(object), status });
    return 'done';
  } catch (error) {
    if (isConflict(error)) return 'outdated';
    if (isNotFound(error)) return 'gone';
    throw error;
  }
}

/** Its status speaks of a sync that has begun and not ended. */
export function saysSynchronizing({ metadata, status }: OwnerObject): boolean {
  return status?.lastSyncStartTime !== undefined && metadata.deletionTimestamp === undefined;
}

// The status is that of the sync that runs now.
async function synchronizes(runs: Runs, scheduleId: string): Promise<boolean> {
  const states = (await runs.ofSchedule(scheduleId)).map((run) => runs.find(run));
  return (await Promise.all(states)).some(({ kind }) => kind === 'running');
}
