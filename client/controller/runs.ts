// What Temporal says of single syncs. A sync is asked for by its id, which is never out of date; visibility, which
// may lag and forget, only gives hints whom to ask for.
import { ScheduleNotFoundError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionStatusName } from '@temporalio/client';
import type { RunState } from '../../domain/ended-sync.ts';
import { WORKFLOW_TYPES } from '../../domain/messages.ts';

export interface Runs {
  find(workflowId: string): Promise<RunState>;
  /** Syncs that were ended from outside after that time, as far as visibility knows. */
  endedSince(time: Date): Promise<readonly string[]>;
  /** The syncs that a schedule has started lately, the latest last. */
  ofSchedule(scheduleId: string): Promise<readonly string[]>;
}

export function createRuns(client: Client): Runs {
  return {
    async find(workflowId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId).describe();
        return stateOf(status.name);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { kind: 'unknown' };
        throw error;
      }
    },

    async endedSince(time) {
      const ended = `ExecutionStatus = 'Terminated' OR ExecutionStatus = 'TimedOut'`;
      const types = Object.values(WORKFLOW_TYPES).map((type) => `'${type}'`);
      const query = `WorkflowType IN (${types.join(', ')}) AND CloseTime > '${time.toISOString()}' AND (${ended})`;
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
      return ids;
    },

    async ofSchedule(scheduleId) {
      try {
        const { info } = await client.schedule.getHandle(scheduleId).describe();
        return info.recentActions.map(({ action }) => action.workflow.workflowId);
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return [];
        throw error;
      }
    },
  };
}

const HOW: Readonly<Partial<Record<WorkflowExecutionStatusName, string>>> = {
  TERMINATED: 'was terminated',
  TIMED_OUT: 'was ended by Temporal because it took too long',
  CANCELLED: 'was cancelled',
  FAILED: 'has failed',
  COMPLETED: 'has ended',
};

// Whatever is not known to be an end is none: a run that continued as new, or was paused, goes on.
function stateOf(status: WorkflowExecutionStatusName): RunState {
  const how = HOW[status];
  return how === undefined ? { kind: 'running' } : { kind: 'closed', how };
}
