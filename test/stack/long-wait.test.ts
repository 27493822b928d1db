// Waits of days, in seconds: the worker of this file lets a wait go on as a new run after one second.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A, readCopyWindow } from '../../domain/copy-trigger.ts';
import { OwnTemporal } from './own-temporal.ts';
import type { SyncHandle } from './own-temporal.ts';
import { OwnersWorker, QuietFolder, anApplicationOnAQueue } from './quiesce-worker.ts';
import { PATIENCE, anApplication, createSecret } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
let temporal: OwnTemporal;
beforeAll(async () => {
  world = await openWorld();
  temporal = new OwnTemporal(world);
  await temporal.create();
  await temporal.startWorker({ STILLPOINT_TRIGGER_OVERDUE: '1s', STILLPOINT_CONTINUE_AFTER: '1s' });
});
afterAll(async () => {
  await temporal.close();
  await world.close();
});

describe('a sync that waits for very long', () => {
  it('goes on as a new run in the same window, and takes up what was changed in its source meanwhile (rows 3 and 4)', async () => {
    const { application, sync } = await aWait();
    const asked = await application.copyStatus('WaitingForTrigger');
    const first = await application.sourceStatus(({ lastSyncStartTime }) => lastSyncStartTime !== undefined);
    await goneOn(sync, 2);
    await createSecret(application, 'newer-secret');
    await world.cluster.sources.patch(application.source, {
      spec: { restic: { repository: 'newer-secret' } },
    } as never);
    await goneOn(sync, 3);
    const { searchAttributes } = await sync.describe();
    expect(searchAttributes['SyncSource']).toEqual([`${application.namespace}/test-rs`]);
    const waiting = await application.copyStatus('WaitingForTrigger');
    expect(readCopyWindow(waiting)).toEqual(readCopyWindow(asked));
    expect(waiting[A.waitingSince]).toBe(asked[A.waitingSince]);
    const still = world.cluster.sources.watch().get(application.source)?.status;
    expect(still?.lastSyncStartTime).toBe(first.lastSyncStartTime);
    expect(still?.latestMoverStatus?.result).toBe('Failed');

    await temporal.trigger(application, sync, 'after days');
    const report = await sync.result();
    expect(report.copy).toMatchObject({ trigger: 'after days', askedTime: asked[A.waitingSince] });
    expect(await jobsEnvironment(sync)).toContain('newer-secret');
    expect(await application.temporaryObjects()).toEqual([]);
  });

  it('for its owner’s worker goes on as a new run, too, and is copied once one comes (row 5)', async () => {
    const { application, taskQueue } = await anApplicationOnAQueue(world);
    const sync = await temporal.sync(application);
    await goneOn(sync, 3);
    const folder = new QuietFolder();
    const { namespace } = temporal;
    const worker = await OwnersWorker.start('typescript', { taskQueue, namespace }, folder);
    try {
      expect((await sync.result()).copy).toMatchObject({ by: taskQueue, consistency: 'triggered' });
      expect(folder.standsStill).toBe(false);
      expect(folder.calls.at(-1)).toBe('unquiesce');
    } finally {
      await worker.stop();
      folder.remove();
    }
  });

  it('ends when a person cancels it in a later run, and the application is released (row 9)', async () => {
    const { application, sync } = await aWait();
    await goneOn(sync, 2);
    await sync.cancel();
    await expect(sync.result()).rejects.toThrow();
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^Cancelled: /);
    expect((await sync.describe()).status.name).toBe('CANCELLED');
  });
});

async function aWait(): Promise<{ application: Application; sync: SyncHandle }> {
  const application = await anApplication(world, { [A.useCopyTrigger]: '' });
  return { application, sync: await temporal.sync(application) };
}

/** Resolves once the sync is in at least so many runs, and waits again. */
async function goneOn(sync: SyncHandle, runs: number): Promise<void> {
  const seen = new Set<string>();
  await vi.waitUntil(async () => {
    seen.add((await sync.describe()).runId);
    return seen.size >= runs;
  }, PATIENCE);
}

/** The Secret that the plan of the last run named. */
async function jobsEnvironment(sync: SyncHandle): Promise<string> {
  const history = await sync.fetchHistory();
  const inputs = (history.events ?? []).flatMap(
    (event) => event.activityTaskScheduledEventAttributes?.input?.payloads ?? [],
  );
  return inputs.map(({ data }) => Buffer.from(data ?? []).toString()).join('\n');
}
