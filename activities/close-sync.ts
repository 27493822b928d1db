// report, and always: whatever happened, the application is released, the status tells it, and nothing is
// left behind. Needs only the run's identity, so that it also closes what a lost `beginSync` opened.
import type { ObjectRef } from '../api/kubernetes.ts';
import type { Outcome, SourceRef } from '../api/sync.ts';
import { readCopyWindow } from '../domain/copy-trigger.ts';
import { events } from '../domain/events.ts';
import type { Failure, FailureReason } from '../domain/failures.ts';
import { syncFailed, syncSucceeded } from '../domain/sync-status.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { removeRun } from './remove-run.ts';
import { findSource, patchSourceStatus } from './source.ts';
import { applyWindowEvent } from './window.ts';

/** Closes every window that names this run, reports, and removes the run's objects. */
export async function closeSync(context: SyncContext, ref: SourceRef, outcome: Outcome): Promise<void> {
  return attended(async ({ signal }) => {
    const { run } = currentRun();
    if (outcome.result !== 'Successful') await leaveWindows(context, { ref, run, outcome, signal });
    await report(context, { ref, outcome, signal });
    await removeRun(context, {
      namespace: ref.namespace,
      run,
      thorough: outcome.result !== 'Successful',
      signal,
    });
  });
}

interface Leaving {
  readonly ref: SourceRef;
  readonly run: string;
  readonly outcome: Exclude<Outcome, { result: 'Successful' }>;
  readonly signal: AbortSignal;
}

// Listed live: the watch may not show yet what an attempt wrote that never returned.
async function leaveWindows({ cluster }: SyncContext, { ref, run, outcome, signal }: Leaving): Promise<void> {
  const pvcs = await cluster.pvcs.list({ namespace: ref.namespace }, { signal });
  const failure: Failure = {
    reason: outcome.reason as FailureReason,
    message: outcome.message,
    retry: false,
  };
  for (const { metadata } of pvcs) {
    if (!readCopyWindow(metadata.annotations ?? {})?.runs.includes(run)) continue;
    const pvc: ObjectRef = { namespace: ref.namespace, name: metadata.name };
    await applyWindowEvent({ cluster, pvc, signal, from: 'live' }, { kind: 'leave', run, failure });
  }
}

interface Reporting {
  readonly ref: SourceRef;
  readonly outcome: Outcome;
  readonly signal: AbortSignal;
}

async function report({ cluster }: SyncContext, { ref, outcome, signal }: Reporting): Promise<void> {
  const source = await findSource(cluster, ref, signal);
  if (source === undefined) return; // Deleted in mid-sync: nobody is left to read a status.
  const now = cluster.now();
  const status =
    outcome.result === 'Successful'
      ? syncSucceeded(source, outcome.plan, { copy: outcome.copy, moved: outcome.moved, now })
      : syncFailed(source, outcome, now);
  await patchSourceStatus(cluster, source, status);
  if (outcome.result === 'Successful') return;
  await cluster.record({ regarding: source, ...events.syncFailed(outcome.reason, outcome.message) });
}
