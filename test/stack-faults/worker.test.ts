// The worker killed at the worst moments: nothing of a sync is lost with it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pauseService, resumeService } from '../../tools/stack/faults.ts';
import { moverPod, snapshotOf } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { followedByAnother, followerOf } from './follower.ts';
import { killOurs, startOurs } from './our-processes.ts';
import { endsWell, moverJob, moversOf, stackName, waiting } from './scenario.ts';

// A worker that died while an application stood still is noticed after 4 s of silence; another one has taken
// over after 10 s at the latest. While a mover runs, it is 30 s of silence, and a minute.
const COPY_TAKEN_UP_WITHIN_MS = 10_000;
const MOVER_TAKEN_UP_WITHIN_MS = 60_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('a worker that is killed', () => {
  it('while a sync waits: the trigger that comes meanwhile is not lost', async () => {
    const sync = await waiting(world);
    await killOurs('worker');
    await sync.application.setTrigger('while-dead');
    await startOurs('worker');
    await endsWell(sync, 'while-dead');
  });

  it('while the application stands still: another worker takes it up within ten seconds, with the same copy', async () => {
    const sync = await waiting(world);
    const { application, run } = sync;
    await pauseService(stackName(), 'csi-snapshotter'); // No cut until it goes on.
    let copy: string | undefined;
    try {
      await application.setTrigger('frozen');
      copy = (await snapshotOf(application)).metadata.uid;
      const dying = await followerOf(world, run);
      await startOurs('worker', 'another-worker');
      await killOurs('worker');
      const killed = Date.now();
      await followedByAnother(world, run, dying);
      expect(Date.now() - killed).toBeLessThan(COPY_TAKEN_UP_WITHIN_MS);
    } finally {
      await resumeService(stackName(), 'csi-snapshotter');
    }
    await application.copyStatus('Completed');
    expect((await snapshotOf(application)).metadata.uid).toBe(copy);
    await endsWell(sync, 'frozen');
    await startOurs('worker');
    await killOurs('another-worker');
  });

  it('right after the release: the sync goes on with the copy that was answered', async () => {
    const sync = await waiting(world);
    await sync.application.setTrigger('released');
    await sync.application.copyStatus('Completed');
    await killOurs('worker');
    await startOurs('worker');
    await endsWell(sync, 'released');
  });

  it('while the mover runs: another worker takes it up within a minute, and starts no second one', async () => {
    const sync = await waiting(world);
    const { application, run } = sync;
    const movers = moversOf(application);
    await pauseService(stackName(), 'object-store'); // The mover runs until its repository answers.
    try {
      await application.setTrigger('moving');
      await moverPod(application, 'Running');
      const job = await moverJob(application);
      const follower = await followerOf(world, run);
      await killOurs('worker');
      const killed = Date.now();
      await startOurs('worker');
      await followedByAnother(world, run, follower);
      expect(Date.now() - killed).toBeLessThan(MOVER_TAKEN_UP_WITHIN_MS);
      expect(await moverJob(application)).toBe(job);
    } finally {
      await resumeService(stackName(), 'object-store');
    }
    await endsWell(sync, 'moving');
    expect(movers.size).toBe(1);
  });
});
