// report, and always: whatever happened, the application is released, the status tells it, and nothing is
// left behind. Needs only the run's identity, so that it also closes what a lost `beginSync` opened.
import { activityInfo } from '@temporalio/activity';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { Closed, Outcome, SourceRef, Unsuccessful } from '../api/sync.ts';
import { events } from '../domain/events.ts';
import type { Failure, FailureReason } from '../domain/failures.ts';
import { cleanedUp, syncFailed, syncSkipped, syncSucceeded } from '../domain/sync-status.ts';
import type { StatusPatch } from '../domain/sync-status.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { endedFreezeMs } from './ended-freeze.ts';
import { leaveWindows } from './leave-windows.ts';
import { measureSync } from './measure-sync.ts';
import { removeRun } from './remove-run.ts';
import { findSource, patchSourceStatus } from './source.ts';

/** Closes every window that names this run, reports, and removes the run's objects. */
export async function closeSync(context: SyncContext, ref: SourceRef, outcome: Outcome): Promise<Closed> {
  return attended(async ({ signal }) => {
    const { run } = currentRun();
    const left =
      outcome.result === 'Successful' ? undefined : await leave(context, { ref, outcome, run, signal });
    const freezeMs = outcome.copy?.freezeMs ?? left;
    const source = await findSource(context.cluster, ref, signal);
    const now = context.cluster.now();
    // Deleted in mid-sync: nobody is left to read a status.
    const reported = source && (await reportOnce(context, { source, ref, outcome, now, signal }));
    const thorough = outcome.result !== 'Successful';
    await removeRun(context, { namespace: ref.namespace, run, thorough, signal });
    if (reported !== undefined) await reportTidied(context, reported, now);
    context.metrics.syncEnded(measureSync({ ref, outcome, source, now, freezeMs }));
    return freezeMs === undefined ? {} : { freezeMs };
  });
}

interface Leave {
  readonly ref: SourceRef;
  readonly outcome: Unsuccessful;
  readonly run: string;
  readonly signal: AbortSignal;
}

/** Returns how long the application stood still for this copy, which was not taken. */
async function leave({ cluster }: SyncContext, { ref, outcome, run, signal }: Leave) {
  const leaving = { namespace: ref.namespace, run, failure: failureOf(outcome), signal };
  return endedFreezeMs(await leaveWindows(cluster, leaving), outcome);
}

/** What the pvc is told of a sync that ended like this. */
export function failureOf({ reason, message }: Pick<Unsuccessful, 'reason' | 'message'>): Failure {
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
  const reported = await patchSourceStatus(cluster, source, statusOf(source, outcome, now));
  if (outcome.result !== 'Successful')
    await cluster.record({ regarding: source, ...events.syncFailed(outcome.reason, outcome.message) });
  else if (outcome.moved.warning !== undefined)
    await cluster.record({ regarding: source, ...events.moverWarning(outcome.moved.warning) });
  if (outcome.notUnquiesced !== undefined)
    await cluster.record({
      regarding: source,
      ...events.syncFailed('UnquiesceFailed', outcome.notUnquiesced),
    });
  return reported;
}

function statusOf(source: ReplicationSource, outcome: Outcome, now: number): StatusPatch {
  switch (outcome.result) {
    case 'Successful':
      return syncSucceeded(source, outcome.plan, { copy: outcome.copy, moved: outcome.moved, now });
    case 'Skipped':
      return syncSkipped(source, outcome, now);
    case 'Failed':
    case 'Cancelled':
      return syncFailed(source, outcome, now);
  }
}

async function reportTidied({ cluster }: SyncContext, source: ReplicationSource, now: number) {
  const tidied = cleanedUp(source, now);
  if (tidied !== undefined) await patchSourceStatus(cluster, source, tidied);
}
