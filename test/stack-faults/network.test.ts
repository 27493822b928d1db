// The network between us and one of the two systems we live on stalls: no byte gets through, and no connection ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pauseService, resumeService } from '../../tools/stack/faults.ts';
import { moverPod, snapshotOf } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { openNetwork } from './our-network.ts';
import type { OurNetwork, Peer } from './our-network.ts';
import { endsWell, moversOf, stackName, waiting } from './scenario.ts';

// Longer than a call to the API server may take, and than a worker may be silent while an application stands still.
const STALL_MS = 12_000;

let world: World;
let network: OurNetwork;
beforeAll(async () => {
  world = await openWorld();
  network = await openNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await world.close();
});

describe('the network stalls between us and', () => {
  it.each<{ peer: Peer }>([{ peer: 'the API server' }, { peer: 'Temporal' }])(
    '$peer: a sync that waits, one whose application stands still and one that moves end well',
    async ({ peer }) => {
      const [waits, frozen, moves] = await Promise.all([
        waiting(world),
        waiting(world, { volumeSnapshotClassName: 'dir-slow-cut' }),
        waiting(world),
      ]);
      const movers = moversOf(moves.application);
      await pauseService(stackName(), 'object-store'); // The mover runs until its repository answers.
      try {
        await moves.application.setTrigger('t1');
        await moverPod(moves.application, 'Running');
        await frozen.application.setTrigger('t2');
        await snapshotOf(frozen.application);
        network.relays[peer].stall();
        await waits.application.setTrigger('t3');
        await sleep(STALL_MS);
      } finally {
        network.relays[peer].resume();
        await resumeService(stackName(), 'object-store');
      }
      await Promise.all([endsWell(moves, 't1'), endsWell(frozen, 't2'), endsWell(waits, 't3')]);
      expect(movers.size).toBe(1);
    },
  );
});
