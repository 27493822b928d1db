// Sends to a destination that listens, by rsync over ssh; each side knows the other by its key.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepsTheMoverPromises } from '../../movers/mover-cases.ts';
import { moversOf } from '../mover-scenario.ts';
import { openWorld } from '../world.ts';
import type { World } from '../world.ts';
import { aPair, copySecret, createIdleSource, DYNAMIC, setSecret, syncs, syncsInVain } from './pair.ts';
import type { Pair, Section } from './pair.ts';
import type { Target } from './stalling-way.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const PORT = 22;

async function target({ destination }: Pair): Promise<Target> {
  const { rsync } = await destination.status((status) => status.rsync?.address !== undefined);
  return { host: rsync?.address ?? '', port: PORT };
}

/** The keys that the destination has made and published, in the source's namespace. */
async function takeKeys({ application, destination }: Pair): Promise<Readonly<Record<string, string>>> {
  const { rsync } = await destination.status((status) => status.rsync?.sshKeys !== undefined);
  const keys = await copySecret(
    { namespace: destination.namespace, name: rsync?.sshKeys ?? '' },
    application,
    'keys',
  );
  expect(Object.keys(keys).toSorted()).toEqual(['destination.pub', 'source', 'source.pub']);
  return keys;
}

function source({ host, port }: Target): Section {
  const at = port === PORT ? { address: host } : { address: host, port };
  return { rsync: { copyMethod: 'Snapshot', sshKeys: 'keys', ...at } };
}

keepsTheMoverPromises({
  name: 'rsync',
  sends: true,
  rootOnly: true,
  loses: [],
  changesKinds: true,
  files: 500,
  target,
  source: async (pair, to) => {
    await takeKeys(pair);
    return source(to);
  },
  destination: () => Promise.resolve({ rsync: DYNAMIC }),
  // The key of the destination itself, which lets nobody in.
  spoilCredentials: async ({ application, destination }) => {
    const own = { namespace: destination.namespace, name: 'volsync-rsync-dst-dest-receiver' };
    const { data = {} } = (await world.cluster.secrets.get(own)) ?? {};
    await setSecret(application, 'keys', {
      source: Buffer.from(data['destination'] ?? '', 'base64').toString(),
    });
  },
  refused: {
    message:
      /^The mover of Job volsync-rsync-src-sender ended with code 7, .*: ERROR: the destination at [\d.]+ refuses the key in \/keys\/source/,
    attempts: ['1'],
  },
  unreachable:
    /^The mover of Job volsync-rsync-src-sender ended with code 10: ERROR: the destination at 10\.244\.0\.1 port 1 cannot be reached/,
});

describe.concurrent('a destination whose host key is not the one that the source expects', () => {
  it('is sent nothing, in one attempt, and one sentence says so', async () => {
    const pair = await aPair(world);
    const { application, destination } = pair;
    await application.shell('echo one > /data/records; sync');
    await destination.create({ rsync: DYNAMIC });
    const keys = await takeKeys(pair);
    await setSecret(application, 'keys', { 'destination.pub': keys['source.pub'] ?? '' });
    const { message, attempts } = await syncsInVain(application, source(await target(pair)));
    expect(message).toMatch(/code 6, .*: ERROR: the host key of the destination at [\d.]+ is not the one in/);
    expect(attempts).toEqual(['1']);
    expect(destination.now()).not.toHaveProperty('lastSyncTime');
    await pair.remove();
  });
});

describe.concurrent('names that are too long for those of Jobs and Services', () => {
  it('are shortened, and the data arrives', async () => {
    const pair = await aPair(world, { sourceName: `sender-${LONG}`, destinationName: `receiver-${LONG}` });
    const { application, destination } = pair;
    await application.shell('echo a long way > /data/records; sync');
    const movers = moversOf(application);
    await destination.create({ rsync: DYNAMIC });
    await takeKeys(pair);
    await createIdleSource(application, source(await target(pair)));
    await syncs(application, 'a long way');
    await destination.status(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(await destination.shell('cat /data/records')).toBe('a long way\n');
    expect([...movers.values()].map(({ metadata }) => metadata.name)).toEqual([
      expect.stringMatching(/^volsync-rsync-src-[0-9a-f]{8}$/),
    ]);
    await pair.remove();
  });
});

const LONG = 'x'.repeat(63);
