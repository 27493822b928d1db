// The promises that each mover keeps, on the real cluster: its test file calls `keepsTheMoverPromises` with what
// distinguishes it. What a mover by its nature loses is declared, and the declaration is tested, too.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MoverName } from '../../api/sync.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { eventOf, moversOf, runningMover } from '../stack/mover-scenario.ts';
import {
  answer,
  aPair,
  attemptsOf,
  createIdleSource,
  SOMEBODY,
  syncs,
  syncsInVain,
} from '../stack/movers/pair.ts';
import type { InVain, Pair, Section } from '../stack/movers/pair.ts';
import { evict } from '../stack/movers/eviction.ts';
import { toldSecrets } from '../stack/movers/told-secrets.ts';
import { stallingWay } from '../stack/movers/stalling-way.ts';
import type { Target } from '../stack/movers/stalling-way.ts';
import {
  CHANGE_KINDS,
  CHANGE_TREE,
  entriesIn,
  lessThe,
  LIST_TREE,
  makeTree,
  SHARE_TREE,
} from '../stack/movers/tree.ts';
import type { Entries, Loss } from '../stack/movers/tree.ts';
import { createSource, latestRun, pvcOf } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';

export interface MoverCase {
  readonly name: MoverName;
  /** Sends to a destination that listens; the others leave it in a place that both sides know. */
  readonly sends: boolean;
  /** Works as root only. */
  readonly rootOnly?: boolean;
  /** What does not arrive, by the mover's nature. */
  readonly loses: readonly Loss[];
  /** A folder may take the place of a file, and a file that of a folder. */
  readonly changesKinds: boolean;
  /** How many small files are carried besides. */
  readonly files: number;
  /** Where the source connects. */
  target(pair: Pair): Promise<Target>;
  /** The source's section, and the Secrets that it names. */
  source(pair: Pair, target: Target): Promise<Section>;
  /** The destination's section, and the Secrets that it names. */
  destination(pair: Pair): Promise<Section>;
  /** Puts other credentials into the source's Secret. */
  spoilCredentials(pair: Pair): Promise<void>;
  readonly refused: { readonly message: RegExp; readonly attempts: readonly string[] };
  readonly unreachable: RegExp;
}

/** Nobody listens there. */
const NOWHERE: Target = { host: '10.244.0.1', port: 1 };
const THREE_ATTEMPTS = ['1', '2', '3'];
/** A mover tries for up to a minute in each of three attempts. */
const LONG = { timeout: 400_000 };

export function keepsTheMoverPromises(mover: MoverCase): void {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  /** With a destination that listens already, if it has to. */
  async function aReadyPair(wish: Parameters<typeof aPair>[1] = {}): Promise<Pair> {
    const pair = await aPair(world, { privileged: true, ...wish });
    if (mover.sends) await pair.destination.create(await sectionOf(pair));
    return pair;
  }

  async function sectionOf(pair: Pair): Promise<Section> {
    const section = await mover.destination(pair);
    return pair.destination.restricted ? confined(section) : section;
  }

  /** What the destination has received of one sync of the source. */
  async function received(pair: Pair, trigger: string, carry: () => Promise<unknown>): Promise<Entries> {
    const { destination } = pair;
    const before = destination.now().lastSyncTime;
    await carry();
    if (mover.sends) await destination.status(({ lastSyncTime }) => lastSyncTime !== before);
    else await fetched(pair, trigger, await sectionOf(pair));
    expect(destination.now().latestMoverStatus).toMatchObject({ result: 'Successful' });
    return entriesIn(await destination.shell(LIST_TREE));
  }

  /** To a destination that listens and has no room. */
  async function sentInVain(pair: Pair): Promise<Pick<InVain, 'message' | 'attempts'>> {
    await pair.destination.create(tooSmall(await mover.destination(pair)));
    return syncsInVain(pair.application, await mover.source(pair, await mover.target(pair)));
  }

  /** By a destination that has no room for what the source has left for it. */
  async function fetchedInVain(pair: Pair): Promise<Pick<InVain, 'message' | 'attempts'>> {
    const { application, destination } = pair;
    await createIdleSource(application, await mover.source(pair, await mover.target(pair)));
    await syncs(application, 'too much');
    const movers = moversOf(destination.place);
    const section = tooSmall(await mover.destination(pair));
    await destination.create({ ...section, trigger: { manual: 'too much' } });
    return { message: await destination.failure(), attempts: attemptsOf(movers) };
  }

  describe.concurrent(`the ${mover.name} mover`, () => {
    it(
      'makes one volume what the other is, twice in a row, and loses nothing that it does not say',
      LONG,
      async () => {
        const pair = await aReadyPair();
        const { application } = pair;
        const movers = moversOf(application);
        await application.shell(`${makeTree(mover.files)}\n${SHARE_TREE}`);
        const section = await mover.source(pair, await mover.target(pair));
        await createSource(application, { spec: { restic: undefined, ...section } });
        let run: string | undefined;
        const first = await received(pair, 'first', async () => {
          run = await syncs(application, 'first');
        });
        expect(lessThe(mover.loses, first)).toEqual(lessThe(mover.loses, await contentsOf(pair)));

        await application.shell(mover.changesKinds ? `${CHANGE_TREE}\n${CHANGE_KINDS}` : CHANGE_TREE);
        await application.syncNow();
        const second = await received(pair, 'second', () => syncs(application, 'second', run));
        const sent = await contentsOf(pair);
        expect(lessThe(mover.loses, second)).toEqual(lessThe(mover.loses, sent));
        for (const loss of mover.loses) {
          const others = mover.loses.filter((other) => other !== loss);
          expect(lessThe(others, second), `${mover.name} keeps ${loss} after all`).not.toEqual(
            lessThe(others, sent),
          );
        }
        expect(await toldSecrets(pair, movers)).toEqual([]);
        await pair.remove();
      },
    );

    it(
      'tells of credentials that are refused in one sentence, with the application long released',
      LONG,
      async () => {
        const pair = await aReadyPair();
        await pair.application.shell('echo one > /data/records; sync');
        const section = await mover.source(pair, await mover.target(pair));
        await mover.spoilCredentials(pair);
        const { message, logs, attempts } = await syncsInVain(pair.application, section);
        expect(message).toMatch(mover.refused.message);
        expect(message).not.toContain('\n');
        expect(logs).toMatch(/^ERROR: /m);
        expect(attempts).toEqual(mover.refused.attempts);
        expect(await toldSecrets(pair, new Map())).toEqual([]);
        await pair.remove();
      },
    );

    it(
      'gives up a target that nobody answers at, after three attempts, and says so in one sentence',
      LONG,
      async () => {
        const pair = await aReadyPair();
        await pair.application.shell('echo one > /data/records; sync');
        const section = await mover.source(pair, NOWHERE);
        const { message, attempts } = await syncsInVain(pair.application, section);
        expect(message).toMatch(mover.unreachable);
        expect(message).not.toContain('\n');
        expect(attempts).toEqual(THREE_ATTEMPTS);
        await pair.remove();
      },
    );

    it(
      'says at once and in one sentence that the destination is full, and that nothing was received',
      LONG,
      async () => {
        const pair = await aPair(world, { privileged: true });
        const { application, destination } = pair;
        await application.shell('head -c 24000000 /dev/urandom > /data/large; sync');
        const { message, attempts } = await (mover.sends ? sentInVain(pair) : fetchedInVain(pair));
        expect(message).toMatch(/^The mover of Job \S+ ended with code \d+, .*: ERROR: .* volume is full/);
        expect(message).not.toContain('\n');
        expect(new Set(attempts)).toEqual(new Set(['1']));
        expect(destination.now()).not.toHaveProperty('lastSyncTime');
        expect(destination.now()).not.toHaveProperty('latestImage');
        expect(pvcOf(application)?.metadata.annotations).toMatchObject({ [A.latestCopyStatus]: 'Completed' });
        await pair.remove();
      },
    );

    it(
      'carries the same copy again when its pod is evicted in mid-transfer, one Job after the other',
      LONG,
      async () => {
        const pair = await aReadyPair();
        const { application } = pair;
        const movers = moversOf(application);
        await application.shell('head -c 12000000 /dev/urandom > /data/large; sync');
        const sent = await contentsOf(pair);
        const way = await stallingWay(application, await mover.target(pair));
        await createIdleSource(application, await mover.source(pair, way.target));
        const arrived = await received(pair, 'carried again', async () => {
          await answer(application, 'carried again');
          await way.stalled();
          const { metadata } = await runningMover(application);
          await evict(application, metadata.name);
          await application.shell('rm /data/large; echo later > /data/records; sync');
          expect(await eventOf(application, 'TransferFailed')).toMatch(/attempt 2 of 3 .* the same copy/);
          await way.open();
          await application.report(await latestRun(application));
        });
        expect(lessThe(mover.loses, arrived)).toEqual(lessThe(mover.loses, sent));
        expect(attemptsOf(movers)).toEqual(['1', '2']);
        await pair.remove();
      },
    );

    if (!mover.rootOnly)
      it('needs no more than a namespace that enforces Pod Security "restricted" allows', LONG, async () => {
        const pair = await aReadyPair({ privileged: false, restricted: true });
        await pair.application.shell(makeTree(20));
        const section = confined(await mover.source(pair, await mover.target(pair)));
        await createIdleSource(pair.application, section);
        const arrived = await received(pair, 'confined', () => syncs(pair.application, 'confined'));
        // Kubernetes itself gives the volume's group to what it mounts for somebody else than root.
        const losses: readonly Loss[] = [
          ...mover.loses,
          'owners',
          'modes',
          'access lists',
          'times of directories',
        ];
        expect(lessThe(losses, arrived)).toEqual(lessThe(losses, await contentsOf(pair)));
        await pair.remove();
      });
  });
}

async function contentsOf({ application }: Pair): Promise<Entries> {
  return entriesIn(await application.shell(LIST_TREE));
}

/** A destination that fetches is told to, with each sync anew. */
async function fetched({ destination }: Pair, tag: string, section: Section): Promise<void> {
  if (Object.keys(destination.now()).length > 0) await destination.receive(tag);
  else await destination.create({ ...section, trigger: { manual: tag } });
  await destination.status(({ lastManualSync }) => lastManualSync === tag);
}

/** With a volume that is as small as it says. */
function tooSmall(section: Section): Section {
  return withOptions(section, { capacity: '16Mi', storageClassName: 'dir-loop' });
}

/** As owners of such namespaces write it. */
function confined(section: Section): Section {
  return withOptions(section, { moverSecurityContext: SOMEBODY });
}

function withOptions(section: Section, more: object): Section {
  const entries = Object.entries(section) as [string, object][];
  return Object.fromEntries(entries.map(([mover, options]) => [mover, { ...options, ...more }]));
}
