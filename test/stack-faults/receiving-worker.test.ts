// The worker killed while a destination receives: the mover goes on meanwhile, and another worker finds it again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scheduleIdOf } from '../../domain/messages.ts';
import {
  aBackup,
  answered,
  bytesIn,
  bytesOf,
  createDestination,
  destinationRuns,
} from '../stack/destination-scenario.ts';
import { moversOf, repository, runningMover, setSecret } from '../stack/mover-scenario.ts';
import { answer, aPair, copySecret, createIdleSource, DYNAMIC, objectStore } from '../stack/movers/pair.ts';
import type { Destination, Pair } from '../stack/movers/pair.ts';
import { stallingWay } from '../stack/movers/stalling-way.ts';
import type { Target } from '../stack/movers/stalling-way.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { followedByAnother, followerOf } from './follower.ts';
import { killOurs, startOurs } from './our-processes.ts';
import { moverJob } from './scenario.ts';

const TAKEN_UP_WITHIN_MS = 60_000;
/** Room for the silence after which a follower counts as dead, several times. */
const LONG = { timeout: 300_000 };

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('a worker that is killed while a destination receives', () => {
  it('in mid-restore: another worker finds the mover again, and every byte comes back', LONG, async () => {
    const application = await aBackup(world);
    const { hostname, port } = new URL(objectStore().endpointFromPods);
    const way = await stallingWay(application, { host: hostname, port: Number(port) }, 'back');
    const { host } = way.target;
    await setSecret(application, {
      RESTIC_REPOSITORY: repository(application, `http://${host}:${way.target.port}`),
    });
    const movers = moversOf(application);
    await createDestination(application, { restic: { ...DYNAMIC, copyMethod: 'Direct' } });
    await way.stalled();
    const job = await moverJob(application);
    const [run = ''] = await destinationRuns(application);
    await takenUpByAnother(run);
    expect(await moverJob(application)).toBe(job);
    await way.open();
    const { latestImage } = await answered(application, 'first');
    expect(await bytesIn(application, latestImage?.name ?? '')).toBe(await bytesOf(application));
    expect(movers.has(job) && movers.size).toBe(1);
    await application.remove();
  });

  it(
    'in mid-transfer: other workers find both movers again, and what is sent arrives once and whole',
    LONG,
    async () => {
      const pair = await aPair(world, { privileged: true });
      const { application, destination } = pair;
      const [senders, receivers] = [moversOf(application), moversOf(destination.place)];
      await application.shell('head -c 12000000 /dev/urandom > /data/large; sync');
      await destination.create({ rsyncTLS: { ...DYNAMIC }, trigger: { manual: 'first' } });
      const way = await stallingWay(application, await listening(pair));
      const { host: address, port } = way.target;
      const rsyncTLS = { copyMethod: 'Snapshot', keySecret: 'key', address, port };
      await createIdleSource(application, { rsyncTLS });
      await answer(application, 'first');
      await way.stalled();
      await runningMover(destination.place);
      await takenUpByAnother(await runOf(destination));
      await way.open();
      await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
      await destination.status(({ lastManualSync }) => lastManualSync === 'first');
      const digest = 'sha256sum /data/large';
      expect(await destination.shell(digest)).toBe(await application.shell(digest));
      expect([senders.size, receivers.size]).toEqual([1, 1]);
      await pair.remove();
    },
  );
});

/** Kills the only worker, which attends to the sync, and starts another. */
async function takenUpByAnother(run: string): Promise<void> {
  const before = await followerOf(world, run);
  expect(before).toBeDefined();
  await killOurs('worker');
  const killed = Date.now();
  await startOurs('worker');
  await followedByAnother(world, run, before);
  expect(Date.now() - killed).toBeLessThan(TAKEN_UP_WITHIN_MS);
}

/** Where the destination listens; its key stands at the source then. */
async function listening({ application, destination }: Pair): Promise<Target> {
  const { rsyncTLS } = await destination.status(
    ({ rsyncTLS: said }) => said?.address !== undefined && said.keySecret !== undefined,
  );
  const published = { namespace: destination.namespace, name: rsyncTLS?.keySecret ?? '' };
  await copySecret(published, application, 'key');
  return { host: rsyncTLS?.address ?? '', port: 8000 };
}

async function runOf({ ref }: Destination): Promise<string> {
  const schedule = scheduleIdOf({ kind: 'ReplicationDestination', ...ref });
  const { info } = await world.temporal.schedule.getHandle(schedule).describe();
  return info.recentActions[0]?.action.workflow.workflowId ?? '';
}
