// Sends to a destination that listens, through a tunnel of TLS that both sides open with one key.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepsTheMoverPromises } from '../../movers/mover-cases.ts';
import { moversOf, runningMover } from '../mover-scenario.ts';
import { openWorld } from '../world.ts';
import type { World } from '../world.ts';
import {
  answer,
  aPair,
  attemptsOf,
  copySecret,
  createIdleSource,
  DYNAMIC,
  setSecret,
  syncs,
} from './pair.ts';
import type { Pair, Section } from './pair.ts';
import { stallingWay } from './stalling-way.ts';
import type { Target } from './stalling-way.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const PORT = 8000;
const newKey = () => `volsync:${randomBytes(32).toString('hex')}`;

/** Where the destination says that it listens. */
async function target({ destination }: Pair): Promise<Target> {
  const { rsyncTLS } = await destination.status((status) => status.rsyncTLS?.address !== undefined);
  return { host: rsyncTLS?.address ?? '', port: PORT };
}

function source({ host, port }: Target): Section {
  const at = port === PORT ? { address: host } : { address: host, port };
  return { rsyncTLS: { copyMethod: 'Snapshot', keySecret: 'key', ...at } };
}

// No trigger, as is usual: the next sync listens as soon as the last has ended.
keepsTheMoverPromises({
  name: 'rsync-tls',
  sends: true,
  loses: ['times of directories'],
  changesKinds: true,
  files: 20_000,
  target,
  source: async ({ application, destination }, to) => {
    const { rsyncTLS } = await destination.status((status) => status.rsyncTLS?.keySecret !== undefined);
    const published = { namespace: destination.namespace, name: rsyncTLS?.keySecret ?? '' };
    const { 'psk.txt': key } = await copySecret(published, application, 'key');
    expect(key).toMatch(/^volsync:[0-9a-f]{128}$/);
    return source(to);
  },
  // The PVC itself: an image of so many files, and a volume of that, would take longer than the mover.
  destination: () => Promise.resolve({ rsyncTLS: { ...DYNAMIC, copyMethod: 'Direct' } }),
  spoilCredentials: ({ application }) => setSecret(application, 'key', { 'psk.txt': newKey() }),
  refused: {
    message:
      /^The mover of Job volsync-rsync-tls-src-sender ended with code 7, .*: ERROR: the destination at [\d.]+:8000 refuses the key in \/keys\/psk\.txt/,
    attempts: ['1'],
  },
  unreachable:
    /^The mover of Job volsync-rsync-tls-src-sender ended with code 10: ERROR: the destination at 10\.244\.0\.1:1 cannot be reached/,
});

describe.concurrent('names that are too long for those of Jobs and Services', () => {
  it('are shortened, and a key that the owner has made opens the tunnel', async () => {
    const pair = await aPair(world, {
      privileged: true,
      sourceName: `sender-${LONG}`,
      destinationName: `receiver-${LONG}`,
    });
    const { application, destination } = pair;
    await application.shell('echo a long way > /data/records; sync');
    const movers = moversOf(application);
    const key = newKey();
    for (const place of [application, destination.place]) await setSecret(place, 'key', { 'psk.txt': key });
    await destination.create({ rsyncTLS: { ...DYNAMIC, keySecret: 'key' } });
    await createIdleSource(application, source(await target(pair)));
    await syncs(application, 'a long way');
    await destination.status(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(await destination.shell('cat /data/records')).toBe('a long way\n');
    expect([...movers.values()].map(({ metadata }) => metadata.name)).toEqual([
      expect.stringMatching(/^volsync-rsync-tls-src-[0-9a-f]{8}$/),
    ]);
    expect(destination.now().rsyncTLS).not.toHaveProperty('keySecret');
    await pair.remove();
  });
});

const LONG = 'x'.repeat(63);

describe.concurrent('a destination whose mover dies in mid-transfer', () => {
  it('listens again, and the source’s mover carries on by itself', async () => {
    const pair = await aPair(world, { privileged: true });
    const { application, destination } = pair;
    const senders = moversOf(application);
    const receivers = moversOf(destination.place);
    await application.shell('head -c 12000000 /dev/urandom > /data/large; sync');
    const key = newKey();
    for (const place of [application, destination.place]) await setSecret(place, 'key', { 'psk.txt': key });
    await destination.create({ rsyncTLS: { ...DYNAMIC, keySecret: 'key' } });
    const way = await stallingWay(application, await target(pair));
    await createIdleSource(application, source(way.target));
    await answer(application, 'carried on');
    await way.stalled();
    const { metadata } = await runningMover(destination.place);
    await destination.place.kubectl('delete', 'pod', metadata.name, '--grace-period=1', '--wait=false');
    await way.open();
    await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    await destination.status(({ lastSyncTime }) => lastSyncTime !== undefined);
    const digest = 'sha256sum /data/large';
    expect(await destination.shell(digest)).toBe(await application.shell(digest));
    expect(attemptsOf(senders)).toEqual(['1']);
    expect(attemptsOf(receivers).slice(0, 2)).toEqual(['1', '2']);
    await pair.remove();
  });
});
