// report, and always: whatever happened, the application is released, the status tells it, and nothing is
// left behind. Needs only the run's identity, so that it also closes what a lost `beginSync` opened.
import type { ReplicationSource } from '../api/replication-source.ts';
import type { Outcome, SourceRef } from '../api/sync.ts';
import { events } from '../domain/events.ts';
import type { Failure, FailureReason } from '../domain/failures.ts';
import { syncFailed, syncSucceeded } from '../domain/sync-status.ts';
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
    if (source !== undefined) await report(context, { source, outcome, now });
    await removeRun(context, {
      namespace: ref.namespace,
      run,
      thorough: outcome.result !== 'Successful',
      signal,
    });
    context.metrics.syncEnded(measureSync({ ref, outcome, source, now }));
  });
}

function failureOf({ reason, message }: Exclude<Outcome, { result: 'Successful' }>): Failure {
  return { reason: reason as FailureReason, message, retry: false };
}

interface Reporting {
  readonly source: ReplicationSource;
  readonly outcome: Outcome;
  readonly now: number;
}

async function report({ cluster }: SyncContext, { source, outcome, now }: Reporting): Promise<void> {
  const status =
    outcome.result === 'Successful'
      ? syncSucceeded(source, outcome.plan, { copy: outcome.copy, moved: outcome.moved, now })
      : syncFailed(source, outcome, now);
  await patchSourceStatus(cluster, source, status);
  if (outcome.result === 'Successful') return;
  await cluster.record({ regarding: source, ...events.syncFailed(outcome.reason, outcome.message) });
}
