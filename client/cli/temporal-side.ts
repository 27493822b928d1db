// What commands ask Temporal about the syncs of one source.
import { userInfo, hostname } from 'node:os';
import { Client, ScheduleNotFoundError, WorkflowNotFoundError } from '@temporalio/client';
import type { ScheduleDescription, WorkflowExecutionDescription } from '@temporalio/client';
import type { ObjectRef } from '../../api/kubernetes.ts';
import type { MoverProgress } from '../../api/sync.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import type { Temporal } from '../temporal.ts';
import { causeOf, firstPayload, timeOf } from './history-events.ts';
import type { Cause } from './history-events.ts';
import { readRun } from './run-record.ts';
import type { RunRecord } from './run-record.ts';

/** A step of a running sync that is being worked on, or waits for its next attempt. */
export interface PendingStep {
  readonly name: string;
  readonly attempt: number;
  /** Of the current attempt. */
  readonly startedAt?: number | undefined;
  readonly progress?: MoverProgress | undefined;
  readonly lastFailure?: Cause | undefined;
  /** No worker has taken it yet. */
  readonly unclaimed: boolean;
}

export interface RunLook {
  /** As Temporal calls it: RUNNING, COMPLETED, FAILED, … */
  readonly status: string;
  readonly startedAt: number;
  readonly steps: readonly PendingStep[];
}

export interface TemporalSide {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  schedule(source: ObjectRef): Promise<ScheduleDescription | undefined>;
  /** Workflow id of the sync that runs now. */
  running(source: ObjectRef): Promise<string | undefined>;
  /** Undefined for one that Temporal has forgotten. */
  look(run: string): Promise<RunLook | undefined>;
  record(run: string, runId?: string): Promise<RunRecord>;
}

/** Who types, as Temporal's history names them. */
export function person(): string {
  return userInfo().username;
}

export function temporalSide({ connection, address, namespace }: Temporal): TemporalSide {
  const client = new Client({
    connection,
    namespace,
    identity: `kubectl-stillpoint/${person()}@${hostname()}`,
  });
  const schedule = async (source: ObjectRef) => {
    try {
      return await client.schedule.getHandle(sourceScheduleId(source)).describe();
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    }
  };
  return {
    client,
    address,
    namespace,
    schedule,
    running: async (source) => (await schedule(source))?.info.runningActions.at(0)?.workflow.workflowId,
    async look(run) {
      try {
        return lookOf(await client.workflow.getHandle(run).describe());
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },
    record: async (run, runId) => readRun(await client.workflow.getHandle(run, runId).fetchHistory()),
  };
}

function lookOf({ status, startTime, raw }: WorkflowExecutionDescription): RunLook {
  const steps = (raw.pendingActivities ?? []).map((pending): PendingStep => {
    const progress = firstPayload(pending.heartbeatDetails);
    return {
      name: pending.activityType?.name ?? '',
      attempt: pending.attempt ?? 1,
      startedAt: pending.lastStartedTime == null ? undefined : timeOf(pending.lastStartedTime),
      progress: isProgress(progress) ? progress : undefined,
      lastFailure: causeOf(pending.lastFailure),
      unclaimed: pending.lastStartedTime == null,
    };
  });
  return { status: status.name, startedAt: startTime.getTime(), steps };
}

// Other steps send other heartbeats.
function isProgress(details: unknown): details is MoverProgress {
  return typeof details === 'object' && details !== null && 'phase' in details;
}
