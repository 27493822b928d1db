// Which worker attends to a sync.
import { vi } from 'vitest';
import { PATIENCE } from '../stack/window-scenario.ts';
import type { World } from '../stack/world.ts';

/** Resolves once another worker than this one attends to the sync. */
export async function followedByAnother(
  world: World,
  run: string,
  before: string | undefined,
): Promise<void> {
  await vi.waitUntil(async () => ((await followerOf(world, run)) ?? before) !== before, PATIENCE);
}

/** The worker that attends to the sync's running activity, if any does. */
export async function followerOf({ temporal }: World, run: string): Promise<string | undefined> {
  const { raw } = await temporal.workflow.getHandle(run).describe();
  const [activity] = raw.pendingActivities ?? [];
  return activity?.lastStartedTime ? (activity.lastWorkerIdentity ?? undefined) : undefined;
}
