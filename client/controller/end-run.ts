// Does for a sync that was ended from outside what it would have done itself at its end (activities/close-sync.ts):
// the application is released, the status tells it, and nothing is left behind. Safe to do again, by several at once.
import type { ReplicationSource } from '../../api/replication-source.ts';
import { leaveWindows } from '../../activities/leave-windows.ts';
import { removeRun } from '../../activities/remove-run.ts';
import { sourceOfRun } from '../../domain/ended-sync.ts';
import { events } from '../../domain/events.ts';
import type { Failure } from '../../domain/failures.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { moverInSpec } from '../../domain/schedule.ts';
import { syncFailed } from '../../domain/sync-status.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { isConflict, isNotFound } from '../../kubernetes/kubernetes-error.ts';
import type { Log } from '../../telemetry/log.ts';
import { syncMetrics } from '../../telemetry/sync-metrics.ts';
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

/** False: the status of the source has just changed; look again. */
export async function endRun(options: EndRunOptions, ended: EndedRun): Promise<boolean> {
  await leaveWindows(options.cluster, ended);
  const reported = await reportEnd(options, ended);
  await removeRun(options, { ...ended, thorough: true });
  return reported;
}

async function reportEnd({ cluster, runs }: EndRunOptions, { run, failure }: EndedRun): Promise<boolean> {
  const ref = sourceOfRun(run);
  // Read before Temporal is asked: the patch fails if a sync that begins meanwhile has written its start.
  const source = ref && cluster.sources.watch().get(ref);
  if (ref === undefined || source === undefined || !saysSynchronizing(source)) return true;
  if (await synchronizes(runs, sourceScheduleId(ref))) return true;
  const written = await writeStatus(cluster, source, failure);
  if (written === 'done') await tell(cluster, source, failure);
  return written !== 'outdated';
}

// Of several controllers only the one whose patch was taken comes here.
async function tell(cluster: Cluster, source: ReplicationSource, failure: Failure): Promise<void> {
  const { namespace = '', name } = source.metadata;
  const mover = moverInSpec(source.spec ?? {});
  syncMetrics.syncEnded({
    source: { namespace, name },
    mover,
    result: 'Failed',
    reason: failure.reason,
  });
  await cluster.record({ regarding: source, ...events.syncFailed(failure.reason, failure.message) });
}

async function writeStatus(
  cluster: Cluster,
  source: ReplicationSource,
  failure: Failure,
): Promise<'done' | 'outdated' | 'gone'> {
  const { namespace = '', name, uid, resourceVersion } = source.metadata;
  const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  const status = syncFailed(source, failure, cluster.now());
  try {
    await cluster.sources.patchStatus({ namespace, name }, { metadata: preconditions, status });
    return 'done';
  } catch (error) {
    if (isConflict(error)) return 'outdated';
    if (isNotFound(error)) return 'gone';
    throw error;
  }
}

/** Its status speaks of a sync that has begun and not ended. */
export function saysSynchronizing({ metadata, status }: ReplicationSource): boolean {
  return status?.lastSyncStartTime !== undefined && metadata.deletionTimestamp === undefined;
}

// The status is that of the sync that runs now.
async function synchronizes(runs: Runs, scheduleId: string): Promise<boolean> {
  const states = (await runs.ofSchedule(scheduleId)).map((run) => runs.find(run));
  return (await Promise.all(states)).some(({ kind }) => kind === 'running');
}
