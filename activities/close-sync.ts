// report, and always: whatever happened, the application is released, the status tells it, and nothing is
// left behind. Needs only the run's identity, so that it also closes what a lost `beginSync` opened.
import { activityInfo } from '@temporalio/activity';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { Outcome, SourceRef } from '../api/sync.ts';
import { events } from '../domain/events.ts';
import type { Failure, FailureReason } from '../domain/failures.ts';
import { cleanedUp, syncFailed, syncSucceeded } from '../domain/sync-status.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { leaveWindows } from './leave-windows.ts';
import { measureSync } from './measure-sync.ts';
import { removeRun } from './remove-run.ts';
import { findSource, patchSourceStatus } from './source.ts';

/** Closes every window that names this run, reports, and removes the run's objects. */
export async function closeSync(context: SyncContext, ref: SourceRef, outcome: Outcome): Promise<void> {
  return attended(async ({ signal }) => {
    const { run } = currentRun();
    if (outcome.result !== 'Successful')
      await leaveWindows(context.cluster, {
        namespace: ref.namespace,
        run,
        failure: failureOf(outcome),
        signal,
      });
    const source = await findSource(context.cluster, ref, signal);
    const now = context.cluster.now();
    // Deleted in mid-sync: nobody is left to read a status.
    const reported = source && (await reportOnce(context, { source, ref, outcome, now, signal }));
    const thorough = outcome.result !== 'Successful';
    await removeRun(context, { namespace: ref.namespace, run, thorough, signal });
    if (reported !== undefined) await reportTidied(context, reported, now);
    context.metrics.syncEnded(measureSync({ ref, outcome, source, now }));
  });
}

function failureOf({ reason, message }: Exclude<Outcome, { result: 'Successful' }>): Failure {
  return { reason: reason as FailureReason, message, retry: false };
}

interface Reporting {
  readonly source: ReplicationSource;
  readonly ref: SourceRef;
  readonly outcome: Outcome;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Returns the source as it stands after the report. */
async function reportOnce(context: SyncContext, reporting: Reporting): Promise<ReplicationSource> {
  return (await reportedBefore(context, reporting)) ?? report(context, reporting);
}

// By an earlier attempt, of which Temporal did not hear: told again, `lastSyncTime` would speak of a sync that never was.
async function reportedBefore(
  { cluster }: SyncContext,
  { ref, outcome, signal }: Reporting,
): Promise<ReplicationSource | undefined> {
  if (outcome.result !== 'Successful' || activityInfo().attempt === 1) return undefined;
  const source = await cluster.sources.get(ref, { signal });
  return source?.status?.lastSyncStartTime === outcome.plan.startTime ? undefined : source;
}

async function report({ cluster }: SyncContext, { source, outcome, now }: Reporting) {
  const status =
    outcome.result === 'Successful'
      ? syncSucceeded(source, outcome.plan, { copy: outcome.copy, moved: outcome.moved, now })
      : syncFailed(source, outcome, now);
  const reported = await patchSourceStatus(cluster, source, status);
  if (outcome.result !== 'Successful')
    await cluster.record({ regarding: source, ...events.syncFailed(outcome.reason, outcome.message) });
  else if (outcome.moved.warning !== undefined)
    await cluster.record({ regarding: source, ...events.moverWarning(outcome.moved.warning) });
  return reported;
}

async function reportTidied({ cluster }: SyncContext, source: ReplicationSource, now: number) {
  const tidied = cleanedUp(source, now);
  if (tidied !== undefined) await patchSourceStatus(cluster, source, tidied);
}
