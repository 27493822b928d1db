// The seed's example, frame by frame, on real parts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { Application, openWorld, statusesOf } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent.each(['Snapshot', 'Clone'] as const)('a copy-trigger sync by %s', (copyMethod) => {
  it('copies only when told, answers that very trigger, moves what was there, and asks again', async () => {
    const application = new Application(world);
    await application.install({ [A.useCopyTrigger]: '' });
    const statuses = statusesOf(application);
    await application.shell('echo before-the-trigger > /data/records; sync');

    // The first sync starts at once and asks.
    await application.replicate({ copyMethod });
    const asked = await application.copyStatus('WaitingForTrigger');
    expect(asked).not.toHaveProperty(A.latestCopyTrigger);
    expect(Date.parse(asked[A.waitingSince] ?? '')).not.toBeNaN();
    expect(await application.temporaryObjects()).toEqual([]);
    const status = await application.sourceStatus(({ lastSyncStartTime }) => lastSyncStartTime !== undefined);
    expect(status.conditions).toMatchObject([
      { type: 'Synchronizing', status: 'True', reason: 'SyncInProgress' },
    ]);
    const firstRun = await application.latestRun();

    // The owner quiesces and says so; once Completed, the application writes again.
    await application.setTrigger('trigger-1');
    const completed = await application.copyStatus('Completed');
    expect(completed).toMatchObject({ [A.latestCopyTrigger]: 'trigger-1', [A.copyTrigger]: 'trigger-1' });
    expect(completed).not.toHaveProperty(A.waitingSince);
    expect(completed).not.toHaveProperty(A.releaseBy);
    await application.shell('echo after-the-release >> /data/records; sync');

    // The mover carries the copy away, and the status tells.
    const report = await application.report(firstRun);
    expect(report.moved).toMatchObject({ files: 1 });
    const reported = await application.sourceStatus(
      ({ conditions }) => conditions?.[0]?.reason === 'WaitingForSchedule',
    );
    expect(reported).not.toHaveProperty('lastSyncStartTime');
    expect(reported.latestMoverStatus?.result).toBe('Successful');
    expect(reported.latestMoverStatus?.logs).toMatch(/snapshot [0-9a-f]{8} saved/);
    expect(reported.lastCopy).toMatchObject({ trigger: 'trigger-1' });
    expect(reported.lastSyncDuration).toMatch(/s$/);
    expect(reported.conditions).toMatchObject([{ status: 'False', reason: 'WaitingForSchedule' }]);
    expect(await application.temporaryObjects()).toEqual([]);

    // The second sync asks again although trigger-1 still stands there.
    await application.syncNow();
    const askedAgain = await application.copyStatus('WaitingForTrigger');
    expect(askedAgain).toMatchObject({ [A.copyTrigger]: 'trigger-1', [A.latestCopyTrigger]: 'trigger-1' });
    expect(await application.temporaryObjects()).toEqual([]);
    const secondRun = await application.latestRun();
    expect(secondRun).not.toBe(firstRun);
    await application.setTrigger('trigger-2');
    await application.copyStatus(
      'Completed',
      (annotations) => annotations[A.latestCopyTrigger] === 'trigger-2',
    );
    const second = await application.report(secondRun);
    expect(statuses).toEqual([
      'WaitingForTrigger',
      'InProgress',
      'Completed',
      'WaitingForTrigger',
      'InProgress',
      'Completed',
    ]);

    // Each snapshot holds what was written before its trigger, and nothing later.
    expect(await application.restored(report.moved.snapshotId ?? '')).toBe('before-the-trigger\n');
    expect(await application.restored(second.moved.snapshotId ?? '')).toBe(
      'before-the-trigger\nafter-the-release\n',
    );
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });
});

describe('a pvc that did not opt in', () => {
  it('is copied at once, and none of its annotations are written', async () => {
    const application = new Application(world);
    await application.install({});
    await application.shell('echo unasked > /data/records; sync');
    await application.replicate({ copyMethod: 'Snapshot' });
    const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(status.latestMoverStatus?.result).toBe('Successful');
    await application.report(await application.latestRun());
    const pvc = await world.cluster.pvcs.get(application.pvc);
    const written = Object.keys(pvc?.metadata.annotations ?? {}).filter((key) =>
      /volsync|stillpoint/.test(key),
    );
    expect(written).toEqual([]);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });
});
