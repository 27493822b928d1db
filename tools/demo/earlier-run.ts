// Makes room for a new run: ends what an earlier one left, wherever it was when it ended.
import type { Temporal } from '../../client/temporal.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { ScheduleNotFoundError, WorkflowNotFoundError } from '@temporalio/client';
import { stopOwn } from '../own-processes.ts';
import { DemoError } from './failure.ts';
import type { Kubectl } from './kubectl.ts';
import { DEMO_LABEL, NAMESPACE, SOURCE } from './seed.ts';
import type { Teller } from './story.ts';

export interface EarlierRun {
  readonly kubectl: Kubectl;
  readonly temporal: Temporal;
  /** Where its worker and controller wrote their logs and pids. */
  readonly folder: string;
  readonly tell: Teller;
}

export async function removeEarlierRun({ kubectl, temporal, folder, tell }: EarlierRun): Promise<void> {
  const found = await findNamespace(kubectl);
  if (found === 'foreign')
    throw new DemoError(
      `Namespace ${NAMESPACE} was not made by the demo: delete it first (kubectl delete namespace ${NAMESPACE}), or use another cluster.`,
    );
  await stopOwn('controller', folder);
  await stopOwn('worker', folder);
  await stopOwn('guard', folder);
  await endSyncs(temporal);
  if (found === 'absent') return;
  tell.say(`removing what an earlier run left in namespace ${NAMESPACE}`);
  // A mover may take half a minute to end by itself, and nobody needs its copy any more.
  await kubectl([
    '-n',
    NAMESPACE,
    'delete',
    'deployments,jobs,pods',
    '--all',
    '--grace-period=1',
    '--timeout=60s',
  ]);
  await kubectl(['delete', 'namespace', NAMESPACE, '--wait', '--timeout=120s']);
}

async function findNamespace(kubectl: Kubectl): Promise<'absent' | 'ours' | 'foreign'> {
  const answer = await kubectl(['get', 'namespace', NAMESPACE, '--ignore-not-found', '-o', 'json']);
  if (answer.trim() === '') return 'absent';
  const { metadata } = JSON.parse(answer) as { metadata: { labels?: Record<string, string> } };
  return metadata.labels?.[DEMO_LABEL] === 'true' ? 'ours' : 'foreign';
}

// The schedule first: it would start the next sync when the running one has ended.
async function endSyncs({ client }: Temporal): Promise<void> {
  const scheduleId = sourceScheduleId(SOURCE);
  await unless(ScheduleNotFoundError, client.schedule.getHandle(scheduleId).delete());
  const query = `ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${scheduleId}-'`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    await unless(WorkflowNotFoundError, handle.terminate('the demo begins anew'));
  }
}

async function unless(kind: abstract new (...args: never[]) => Error, call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof kind)) throw error;
  });
}
