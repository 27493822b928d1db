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
import { moversOf, repository, runningMover } from '../stack/mover-scenario.ts';
import {
  answer,
  aPair,
  copySecret,
  createIdleSource,
  DYNAMIC,
  objectStore,
  setSecret,
  syncs,
} from '../stack/movers/pair.ts';
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
    await setSecret(application, 'restic-secret', {
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
    'in mid-fetch by rclone: another worker finds the mover again, and what comes is whole',
    LONG,
    async () => {
      const pair = await aPair(world, { privileged: true });
      const { application, destination } = pair;
      await application.shell(MAKE_LARGE);
      await setSecret(application, 'store', { 'rclone.conf': storeAt(objectStore().endpointFromPods) });
      await createIdleSource(application, { rclone: { copyMethod: 'Snapshot', ...atStore(pair) } });
      await syncs(application, 'first');
      const { hostname: host, port } = new URL(objectStore().endpointFromPods);
      const way = await stallingWay(application, { host, port: Number(port) }, 'back');
      const config = storeAt(`http://${way.target.host}:${way.target.port}`);
      await setSecret(destination.place, 'store', { 'rclone.conf': config });
      const receivers = moversOf(destination.place);
      await destination.create({ rclone: { ...DYNAMIC, ...atStore(pair) }, trigger: { manual: 'first' } });
      await way.stalled();
      await runningMover(destination.place);
      await takenUpByAnother(await runOf(destination));
      await way.open();
      await destination.status(({ lastManualSync }) => lastManualSync === 'first');
      expect(await destination.shell(DIGEST)).toBe(await application.shell(DIGEST));
      expect(receivers.size).toBe(1);
      await pair.remove();
    },
  );

  it.each<Sending>([
    { section: 'rsyncTLS', port: 8000, keys: 'keySecret' },
    { section: 'rsync', port: 22, keys: 'sshKeys' },
  ])(
    'in mid-transfer by $section: other workers find both movers again, and what is sent arrives once and whole',
    LONG,
    async (sending) => {
      const { section, keys } = sending;
      const pair = await aPair(world, { privileged: true });
      const { application, destination } = pair;
      const [senders, receivers] = [moversOf(application), moversOf(destination.place)];
      await application.shell(MAKE_LARGE);
      await destination.create({ [section]: { ...DYNAMIC }, trigger: { manual: 'first' } });
      const way = await stallingWay(application, await listening(pair, sending));
      const { host: address, port } = way.target;
      await createIdleSource(application, {
        [section]: { copyMethod: 'Snapshot', [keys]: 'key', address, port },
      });
      await answer(application, 'first');
      await way.stalled();
      await runningMover(destination.place);
      await takenUpByAnother(await runOf(destination));
      await way.open();
      await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
      await destination.status(({ lastManualSync }) => lastManualSync === 'first');
      expect(await destination.shell(DIGEST)).toBe(await application.shell(DIGEST));
      expect([senders.size, receivers.size]).toEqual([1, 1]);
      await pair.remove();
    },
  );
});

const MAKE_LARGE = 'head -c 12000000 /dev/urandom > /data/large; sync';
const DIGEST = 'sha256sum /data/large';

/** A mover whose destination listens: its section, and where the status names the keys for the source. */
interface Sending {
  readonly section: 'rsyncTLS' | 'rsync';
  readonly port: number;
  readonly keys: 'keySecret' | 'sshKeys';
}

function storeAt(endpoint: string): string {
  const { accessKey, secretKey } = objectStore();
  const lines = ['[store]', 'type = s3', 'provider = Minio', 'no_check_bucket = true'];
  const login = [`access_key_id = ${accessKey}`, `secret_access_key = ${secretKey}`];
  return [...lines, ...login, `endpoint = ${endpoint}`, ''].join('\n');
}

function atStore({ application }: Pair) {
  const rcloneDestPath = `repositories/${application.namespace}/rclone`;
  return { rcloneConfig: 'store', rcloneConfigSection: 'store', rcloneDestPath };
}

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
async function listening(
  { application, destination }: Pair,
  { section, keys, port }: Sending,
): Promise<Target> {
  const saidBy = (status: object) =>
    (status as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>)[section];
  const status = await destination.status(
    (now) => saidBy(now)?.['address'] !== undefined && saidBy(now)?.[keys] !== undefined,
  );
  const said = saidBy(status);
  await copySecret({ namespace: destination.namespace, name: said?.[keys] ?? '' }, application, 'key');
  return { host: said?.['address'] ?? '', port };
}

async function runOf({ ref }: Destination): Promise<string> {
  const schedule = scheduleIdOf({ kind: 'ReplicationDestination', ...ref });
  const { info } = await world.temporal.schedule.getHandle(schedule).describe();
  return info.recentActions[0]?.action.workflow.workflowId ?? '';
}
