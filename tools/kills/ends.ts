// How syncs have ended, in one word each.
import type { Execution } from '../judge/scenario-runs.ts';
import { historyOf } from '../judge/scenario-runs.ts';

/** `COMPLETED`, the reason of a failure, or what Temporal calls any other end; absent for those that still run. */
export async function endsOf(executions: readonly Execution[]): Promise<readonly string[]> {
  const closed = executions.filter(({ run }) => run.closed !== undefined);
  return Promise.all(
    closed.map(async (execution) => {
      const status = execution.run.closed?.status ?? '';
      return status === 'FAILED' ? reasonOf(execution) : status;
    }),
  );
}

async function reasonOf(execution: Execution): Promise<string> {
  const { events } = await historyOf(execution);
  let failure = events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
  let reason = failure?.message ?? 'FAILED';
  for (; failure; failure = failure.cause) reason = failure.applicationFailureInfo?.type ?? reason;
  return reason;
}
