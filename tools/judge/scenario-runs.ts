// What Temporal says of the syncs of one namespace.
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { readCopyWindow } from '../../domain/copy-trigger.ts';
import { SCHEDULE_PREFIXES } from '../../domain/messages.ts';
import { ANNOTATIONS_OF_RUN } from '../../domain/names.ts';
import type { History } from '../histories/history-file.ts';
import type { RunSeen, Version } from './scenario-record.ts';

export interface Execution {
  readonly run: Omit<RunSeen, 'history'>;
  readonly handle: WorkflowHandle;
}

/** Every execution of every sync that visibility lists for the namespace, or that an object has ever named. */
export async function executionsOf(
  temporal: Client,
  namespace: string,
  versions: readonly Version[],
): Promise<readonly Execution[]> {
  const listed = new Map<string, readonly [workflowId: string, runId?: string]>();
  const began = Object.values(SCHEDULE_PREFIXES).map((of) => `WorkflowId STARTS_WITH '${of}${namespace}/'`);
  const query = began.join(' OR ');
  for await (const { workflowId, runId } of temporal.workflow.list({ query }))
    listed.set(runId, [workflowId, runId]);
  const known = new Set([...listed.values()].map(([workflowId]) => workflowId));
  const named = namedIn(versions).filter((workflowId) => !known.has(workflowId));
  const asked = [...listed.values(), ...named.map((workflowId) => [workflowId] as const)];
  const described = await Promise.all(
    asked.map(([workflowId, runId]) => describe(temporal, workflowId, runId)),
  );
  return described
    .filter((found) => found !== undefined)
    .map((description) => executionIn(temporal, description))
    .toSorted((one, other) => one.run.startedAt - other.run.startedAt);
}

export async function historyOf({ handle }: Execution): Promise<History> {
  return handle.fetchHistory();
}

function namedIn(versions: readonly Version[]): readonly string[] {
  const names = versions.flatMap(({ object: { metadata } }) => [
    ...(readCopyWindow(metadata.annotations ?? {})?.runs ?? []),
    metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId] ?? [],
  ]);
  return [...new Set(names.flat())];
}

// Visibility may lag behind; a description does not.
async function describe(temporal: Client, workflowId: string, runId?: string) {
  try {
    return await temporal.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function executionIn(temporal: Client, description: WorkflowExecutionDescription): Execution {
  const { workflowId, runId, startTime, closeTime, status } = description;
  // One that continued as new goes on in another execution.
  const closed = closeTime !== undefined && status.name !== 'CONTINUED_AS_NEW';
  return {
    run: {
      workflowId,
      startedAt: startTime.getTime(),
      ...(closed && { closed: { at: closeTime.getTime(), status: status.name } }),
    },
    handle: temporal.workflow.getHandle(workflowId, runId),
  };
}
