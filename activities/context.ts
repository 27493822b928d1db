// What every activity of a sync works with.
import { activityInfo, cancelled, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Log } from '../telemetry/log.ts';
import type { SyncMetrics } from '../telemetry/sync-metrics.ts';
import type { ObjectRef } from '../api/kubernetes.ts';
import type { SyncLimits, SyncPlan } from '../api/sync.ts';
import type { Failure } from '../domain/failures.ts';
import type { Cluster } from '../kubernetes/cluster.ts';

export interface SyncContext {
  readonly cluster: Cluster;
  readonly settings: SyncSettings;
  readonly log: Log;
  readonly metrics: SyncMetrics;
}

export interface SyncSettings {
  readonly limits: SyncLimits;
  /** How long an answer stays readable on the pvc before the next question, milliseconds. */
  readonly answerVisibleMs: number;
  /** How long a snapshot that is cut may report an error before it counts as lost, milliseconds. */
  readonly readyPatienceMs: number;
  readonly moverImage: string;
  /** HTTP_PROXY and the like, for movers that speak http. */
  readonly proxies: Readonly<Record<string, string>>;
}

/** One attempt to take the copy of one plan. */
export interface Taking {
  readonly context: SyncContext;
  readonly plan: SyncPlan;
  readonly pvc: ObjectRef;
  readonly run: string;
  readonly runId: string;
  readonly signal: AbortSignal;
}

/** The sync that this activity belongs to: its workflow id names it in windows and labels. */
export function currentRun(): { readonly run: string; readonly runId: string } {
  const execution = activityInfo().workflowExecution;
  if (execution === undefined)
    throw new Error('this activity belongs to a workflow, and was started without one');
  return { run: execution.workflowId, runId: execution.runId };
}

/** Fails the activity with a reason that the workflow, its history and its owner can read. */
export function refusal(failure: Failure): ApplicationFailure {
  return ApplicationFailure.create({
    type: failure.reason,
    message: failure.message,
    nonRetryable: !failure.retry,
  });
}

export interface Attended {
  /** Aborted when the sync is cancelled or this worker shuts down. */
  readonly signal: AbortSignal;
  /** What the next heartbeats show in the Temporal UI. */
  readonly note: (details: unknown) => void;
}

/** Runs an activity that waits: heartbeats from a timer, so that silence means that the worker is dead. */
export async function attended<R>(work: (attended: Attended) => Promise<R>): Promise<R> {
  const signal = cancellationSignal();
  let details: unknown;
  const timer = setInterval(() => heartbeat(details), (activityInfo().heartbeatTimeoutMs ?? 3_000) / 3);
  try {
    return await work({ signal, note: (noted) => (details = noted) });
  } catch (error) {
    if (signal.aborted) await cancelled(); // Rejects with the SDK's own cancellation, which an AbortError would hide.
    throw error;
  } finally {
    clearInterval(timer);
  }
}
