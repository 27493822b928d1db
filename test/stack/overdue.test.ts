// A trigger that does not come: people are told, the sync keeps waiting, and what was said is taken back when it comes.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { PATIENCE, aWaitingSync, eventsOf, windowIn } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SOON = { 'stillpoint.dev/overdue-after': '1s' };
const OVERDUE = 'Timed out waiting for copy-trigger to be modified for pvc data-pvc';

describe.concurrent('a trigger that is overdue', () => {
  it('is told by one Warning event and in the status, while the condition and the pvc say that the sync waits', async () => {
    const { application, run } = await overdueSync();
    const warned = async () => (await eventsOf(application)).some(({ type }) => type === 'Warning');
    await vi.waitUntil(warned, PATIENCE);
    const warnings = (await eventsOf(application)).filter(({ type }) => type === 'Warning');
    expect(warnings).toMatchObject([{ reason: 'SrcPVCTimeoutWaitingForCopyTrigger' }]);
    expect(warnings[0]?.message).toContain('data-pvc');
    const status = await application.sourceStatus(({ conditions }) => conditions !== undefined);
    expect(status.conditions).toMatchObject([{ status: 'True', reason: 'SyncInProgress' }]);
    const asked = await application.copyStatus('WaitingForTrigger');
    expect(asked).toHaveProperty(A.waitingSince);
    expect(windowIn(asked)).toMatchObject({ runs: [run] });
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('and comes: the error goes at once, before the copy is cut (row 4)', async () => {
    const { application, run } = await overdueSync({ volumeSnapshotClassName: 'dir-slow-cut' });
    await application.setTrigger('late');
    await application.sourceStatus(({ latestMoverStatus }) => latestMoverStatus?.logs !== OVERDUE);
    expect((await application.copyStatus('InProgress'))[A.copyTrigger]).toBe('late');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'late' });
    await application.remove();
  });

  it('and comes: the status of a sync that ends well says nothing of it', async () => {
    const { application, run } = await overdueSync();
    await application.setTrigger('late');
    await application.report(run);
    const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(status.latestMoverStatus).toMatchObject({ result: 'Successful' });
    expect(status.latestMoverStatus?.logs).not.toContain(OVERDUE);
    await application.remove();
  });

  it('may be done without: a person proceeds (row 5)', async () => {
    const { application, run } = await overdueSync();
    const word = { by: 'ada', reason: 'the agent is broken' };
    await world.temporal.workflow.getHandle(run).executeUpdate('proceed', { args: [word] });
    expect((await application.report(run)).copy).toMatchObject({ by: 'ada', consistency: 'proceeded' });
    await application.remove();
  });

  it('and its owner opts out: the copy is taken at once (row 9)', async () => {
    const { application, run } = await overdueSync();
    await world.cluster.pvcs.patch(application.pvc, {
      metadata: { annotations: { [A.useCopyTrigger]: null } },
    });
    const { copy } = await application.report(run);
    expect(copy).not.toHaveProperty('trigger');
    expect(copy.consistency).toBe('crash-consistent');
    const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(status.latestMoverStatus?.result).toBe('Successful');
    await application.remove();
  });
});

/** A sync that waits, and has said that its trigger is overdue. */
async function overdueSync(restic = {}): Promise<{ application: Application; run: string }> {
  const waiting = await aWaitingSync(world, restic, SOON);
  const { latestMoverStatus } = await waiting.application.sourceStatus(
    (status) => status.latestMoverStatus?.result === 'Failed',
  );
  expect(latestMoverStatus?.logs).toBe(OVERDUE);
  return waiting;
}
