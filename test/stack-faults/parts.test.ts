// Every other part killed once, at the worst moment: while the application stands still, or while a sync waits.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { crashService, startService, stopService } from '../../tools/stack/faults.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { killOurs, startOurs } from './our-processes.ts';
import { endsWell, stackName, waiting } from './scenario.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };

describe('killed while the application stands still', () => {
  it.each(['kube-apiserver', 'etcd', 'snapshot-controller', 'csi-snapshotter', 'csi-driver'] as const)(
    '%s: the application is released all the same, and the sync ends well',
    async (service) => {
      const sync = await waiting(world, SLOW_CUT);
      await sync.application.setTrigger('t1');
      await sync.application.copyStatus('InProgress');
      await crashService(stackName(), service);
      await endsWell(sync, 't1');
    },
  );

  it('Temporal: the application is released while Temporal is still dead', async () => {
    const sync = await waiting(world, SLOW_CUT);
    await sync.application.setTrigger('t1');
    await sync.application.copyStatus('InProgress');
    await stopService(stackName(), 'temporal');
    await sync.application.copyStatus('Completed');
    await startService(stackName(), 'temporal');
    await endsWell(sync, 't1');
  });
});

describe('killed while a sync waits', () => {
  it('the controller: a trigger that comes meanwhile is not lost', async () => {
    const sync = await waiting(world);
    await killOurs('controller');
    await sync.application.setTrigger('t1');
    await startOurs('controller');
    await endsWell(sync, 't1');
  });

  it('Temporal: a trigger that comes meanwhile is not lost', async () => {
    const sync = await waiting(world);
    await stopService(stackName(), 'temporal');
    await sync.application.setTrigger('t1');
    await startService(stackName(), 'temporal');
    await endsWell(sync, 't1');
  });
});
