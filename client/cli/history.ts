// `history`: the syncs of a source, or one of them as a story, from Temporal.
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { keyOf } from '../../kubernetes/object-ref.ts';
import { SYNC_SOURCE, sourceScheduleId } from '../../domain/messages.ts';
import type { ObjectRef } from '../../api/kubernetes.ts';
import type { Run, Typed } from './catalogue.ts';
import { requiredWord } from './durations.ts';
import { CliError, EXIT } from './exit.ts';
import type { ExitCode } from './exit.ts';
import { historyTable, runData, shortRun, storyData } from './history-table.ts';
import type { NamedRun } from './history-table.ts';
import { refOf } from './place.ts';
import type { Place } from './place.ts';
import { storyText } from './story.ts';
import { temporalSide } from './temporal-side.ts';
import type { TemporalSide } from './temporal-side.ts';

const RUNS = 10;

// The source may be gone: its history stays until the namespace's retention.
export const run: Run = async (place, typed) => {
  const ref = refOf(place, requiredWord(typed));
  const temporal = temporalSide(await place.temporal());
  const wanted = typed.words[1];
  if (wanted !== undefined) return tell(place, ref, await oneRun(temporal, ref, wanted));
  return list(place, ref, await latest(temporal, ref, limitOf(typed)));
};

async function list({ out, cluster }: Place, ref: ObjectRef, runs: readonly NamedRun[]): Promise<ExitCode> {
  if (out.format === 'json' || out.format === 'yaml') {
    await out.data({ items: runs.map(runData) });
  } else if (runs.length === 0) {
    out.remark(`Temporal knows no sync of ${keyOf(ref)}.`);
  } else {
    out.table(historyTable(runs, { now: cluster.now(), wide: out.format === 'wide' }));
  }
  return EXIT.done;
}

async function tell({ out }: Place, ref: ObjectRef, { run, record }: NamedRun): Promise<ExitCode> {
  if (out.format === 'json' || out.format === 'yaml') await out.data(storyData({ run, record }));
  else out.line(storyText({ name: keyOf(ref), run: shortRun(run) }, record, out.ink));
  return EXIT.done;
}

async function latest(temporal: TemporalSide, ref: ObjectRef, limit: number): Promise<readonly NamedRun[]> {
  const infos = await executions(temporal, ref, limit);
  return Promise.all(
    infos.map(async ({ workflowId, runId }) => ({
      run: workflowId,
      record: await temporal.record(workflowId, runId),
    })),
  );
}

// One that went on as a new run is told by the new one.
async function executions(
  { client }: TemporalSide,
  ref: ObjectRef,
  limit: number,
): Promise<readonly WorkflowExecutionInfo[]> {
  const query = `WorkflowType = '${SYNC_SOURCE}' AND SyncSource = '${keyOf(ref)}' AND ExecutionStatus != 'ContinuedAsNew'`;
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of client.workflow.list({ query, pageSize: limit })) {
    found.push(info);
    if (found.length >= limit) break;
  }
  return found;
}

/** `wanted`: a workflow id, the time that it ends in, a part of that, or `latest`. */
async function oneRun(temporal: TemporalSide, ref: ObjectRef, wanted: string): Promise<NamedRun> {
  const prefix = `${sourceScheduleId(ref)}-`;
  const exact = wanted.startsWith(prefix) ? wanted : `${prefix}${wanted}`;
  if ((await temporal.look(exact)) !== undefined) return { run: exact, record: await temporal.record(exact) };
  const infos = await executions(temporal, ref, SEARCHED);
  const found = infos.find(({ workflowId }) => wanted === 'latest' || shortRun(workflowId).includes(wanted));
  if (found === undefined)
    throw new CliError(
      `Temporal knows no sync ${JSON.stringify(wanted)} of ${keyOf(ref)}; "history" without RUN lists them.`,
      EXIT.unavailable,
    );
  return { run: found.workflowId, record: await temporal.record(found.workflowId, found.runId) };
}

const SEARCHED = 200;

function limitOf({ flags }: Typed): number {
  const text = flags['limit'];
  if (text === undefined) return RUNS;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new CliError(`--limit is ${JSON.stringify(text)}; it is a number of syncs.`, EXIT.usage);
}
