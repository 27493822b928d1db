// A trigger that comes when no sync waits for it: rows 11 and 12 of the window's table.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { aWaitingSync, latestRun, PATIENCE } from './window-scenario.ts';
import { openWorld, statusesOf } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('a trigger that comes when no sync waits for it', () => {
  it('row 11: starts the next sync at once when the copy before it failed, without being asked for', async () => {
    const { application, run: cancelled } = await aWaitingSync(world);
    await application.temporalCli('workflow', 'cancel', '--workflow-id', cancelled);
    await application.copyStatus('Failed');
    const statuses = statusesOf(application);

    await application.setTrigger('trigger-1');
    await application.copyStatus('Completed', (found) => found[A.latestCopyTrigger] === 'trigger-1');
    const run = await latestRun(application, cancelled);
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'trigger-1' });
    expect(statuses).toEqual(['Failed', 'InProgress', 'Completed']);
    expect(await startsOf(application)).toBe(2);
    await application.remove();
  });

  it('row 12, CT-6: starts the next sync when the one before it has ended, and is never that one’s answer', async () => {
    const { application, run: first } = await aWaitingSync(world);
    const statuses = statusesOf(application);
    await application.setTrigger('trigger-1');
    await application.copyStatus('Completed');
    // The mover has only begun.
    await application.setTrigger('trigger-2');
    await application.copyStatus('Completed', (found) => found[A.latestCopyTrigger] === 'trigger-2');

    const second = await latestRun(application, first);
    expect((await application.report(first)).copy).toMatchObject({ trigger: 'trigger-1' });
    expect((await application.report(second)).copy).toMatchObject({ trigger: 'trigger-2' });
    expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed', 'InProgress', 'Completed']);
    expect(await startsOf(application)).toBe(2);
    await application.remove();
  });

  it('waits for the time of the next sync when the one before it had ended well', async () => {
    const { application, run: first } = await aWaitingSync(world);
    await application.setTrigger('trigger-1');
    await application.report(first);
    const { conditions } = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    const ended = Date.parse(conditions?.[0]?.lastTransitionTime ?? '');
    // Times of writes are whole seconds: in the same one, nobody could tell which was first.
    await vi.waitUntil(() => world.cluster.now() >= ended + 1_000, PATIENCE);
    await application.setTrigger('trigger-2');
    await application.syncNow();
    await application.copyStatus('Completed', (found) => found[A.latestCopyTrigger] === 'trigger-2');
    await application.report(await latestRun(application, first));
    expect(await startsOf(application)).toBe(2);
    await application.remove();
  });
});

/** How many syncs the schedule has started. */
async function startsOf(application: Application): Promise<number> {
  const schedule = world.temporal.schedule.getHandle(sourceScheduleId(application.source));
  return (await schedule.describe()).info.numActionsTaken;
}
