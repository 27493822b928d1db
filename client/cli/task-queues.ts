// Who asks Temporal for work: the workers, seen from its side.
import type { ConnectionLike } from '@temporalio/client';

const WORKFLOWS = 1; // temporal.api.enums.v1.TaskQueueType
const ACTIVITIES = 2;

/** How many workers ask for work on this queue: those that do so for its activities, or for its workflows. */
export async function pollersOf(
  { workflowService }: ConnectionLike,
  namespace: string,
  name: string,
): Promise<number> {
  const counts = await Promise.all(
    [WORKFLOWS, ACTIVITIES].map(async (taskQueueType) => {
      const { pollers } = await workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        taskQueueType,
      });
      return new Set(pollers?.map(({ identity }) => identity)).size;
    }),
  );
  return Math.max(...counts);
}
