// A worker that follows as many movers as it may: steps of movers have slots of their own (ADR 8).
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { OwnTemporal } from './own-temporal.ts';
import type { SyncHandle } from './own-temporal.ts';
import { PATIENCE, anApplication, nothingStays } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
let temporal: OwnTemporal;
beforeAll(async () => {
  world = await openWorld();
  temporal = new OwnTemporal(world);
  await temporal.create();
  await temporal.startWorker({ STILLPOINT_MAX_ACTIVITIES: '1', STILLPOINT_MAX_MOVERS: '1' });
});
afterAll(async () => {
  await temporal.close();
  await world.close();
});

describe('a worker that can follow no further mover', () => {
  it('still asks, copies and releases: only the mover of that copy waits', async () => {
    const busy = await aSync();
    await busy.application.kubectl('create', 'quota', 'none', '--hard=pods=0');
    await busy.application.kubectl('wait', '--for=jsonpath={.status.hard.pods}=0', 'quota/none');
    await answered(busy, 'busy');
    await moverOf(busy.application);

    const other = await aSync();
    await answered(other, 'other');
    expect(world.cluster.jobs.watch().list(other.application.namespace)).toEqual([]);

    await busy.sync.cancel();
    await expect(busy.sync.result()).rejects.toThrow();
    expect((await other.sync.result()).copy).toMatchObject({ trigger: 'other' });
    for (const { application } of [busy, other]) {
      await nothingStays(application);
      await application.remove();
    }
  });
});

interface Syncing {
  readonly application: Application;
  readonly sync: SyncHandle;
}

async function aSync(): Promise<Syncing> {
  const application = await anApplication(world, { [A.useCopyTrigger]: '' });
  return { application, sync: await temporal.sync(application) };
}

async function answered({ application, sync }: Syncing, trigger: string): Promise<void> {
  await application.copyStatus('WaitingForTrigger');
  await temporal.trigger(application, sync, trigger);
  await application.copyStatus('Completed');
}

async function moverOf({ namespace }: Application): Promise<void> {
  await vi.waitUntil(() => world.cluster.jobs.watch().list(namespace).length > 0, PATIENCE);
}
