// Ends all syncs of a Temporal namespace, and closes the windows of those that have ended without a word. One look, one
// step; who calls looks again until all is quiet.
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { runsInWindow } from '../../domain/ended-sync.ts';
import { failures } from '../../domain/failures.ts';
import { SCHEDULE_PREFIXES, WORKFLOW_TYPES } from '../../domain/messages.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { refOf } from '../../kubernetes/object-ref.ts';
import type { Log } from '../../telemetry/log.ts';
import { endRun } from '../controller/end-run.ts';
import type { Runs } from '../controller/runs.ts';
import type { Schedules } from '../controller/schedules.ts';

export interface UninstallPlace {
  readonly cluster: Cluster;
  readonly client: Client;
  readonly schedules: Schedules;
  readonly runs: Runs;
  readonly log: Log;
}

/** What keeps an uninstall from being done. */
export interface Standing {
  readonly scheduleIds: readonly string[];
  readonly syncs: ReadonlySet<string>;
  readonly windows: readonly OpenWindow[];
}

interface OpenWindow {
  readonly pvc: ObjectRef;
  readonly runs: readonly string[];
}

export async function lookForSyncs(place: UninstallPlace, signal: AbortSignal): Promise<Standing> {
  const { cluster, client, schedules } = place;
  const ids = (await schedules.list()).filter((id) =>
    Object.values(SCHEDULE_PREFIXES).some((prefix) => id.startsWith(prefix)),
  );
  const windows = (await cluster.pvcs.list({}, { signal })).flatMap((pvc) => {
    const runs = runsInWindow(pvc);
    return runs.length === 0 ? [] : [{ pvc: refOf(pvc), runs }];
  });
  return { scheduleIds: ids, syncs: await running(client), windows };
}

export function isQuiet({ scheduleIds, syncs, windows }: Standing): boolean {
  return scheduleIds.length === 0 && syncs.size === 0 && windows.length === 0;
}

export async function endWhatStands(
  { cluster, schedules, runs, log }: UninstallPlace,
  { scheduleIds, syncs, windows }: Standing,
  signal: AbortSignal,
): Promise<void> {
  // Schedules first, so that none starts a sync behind our back.
  await Promise.all(scheduleIds.map((id) => schedules.delete(id)));
  const named = new Set([...syncs, ...windows.flatMap((window) => window.runs)]);
  await Promise.all([...named].map((run) => schedules.cancelRun(run)));
  for (const { pvc, runs: inWindow } of windows)
    for (const run of inWindow) {
      const state = await runs.find(run);
      if (state.kind === 'running') continue;
      const how = state.kind === 'closed' ? state.how : 'is not known to Temporal';
      const ended = { namespace: pvc.namespace, run, failure: failures.syncEnded(run, how), signal };
      await endRun({ cluster, runs, log }, ended);
    }
}

async function running({ workflow }: Client): Promise<ReadonlySet<string>> {
  const types = Object.values(WORKFLOW_TYPES).map((type) => `'${type}'`);
  const query = `WorkflowType IN (${types.join(', ')}) AND ExecutionStatus = 'Running'`;
  const ids = new Set<string>();
  for await (const { workflowId } of workflow.list({ query })) ids.add(workflowId);
  return new Set(await still(workflow, ids));
}

// Visibility may lag behind: each sync is asked for itself.
async function still(workflow: Client['workflow'], ids: ReadonlySet<string>): Promise<readonly string[]> {
  const asked = [...ids].map(async (id) => {
    try {
      const { status } = await workflow.getHandle(id).describe();
      return status.name === 'RUNNING' ? [id] : [];
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return [];
      throw error;
    }
  });
  return (await Promise.all(asked)).flat();
}
