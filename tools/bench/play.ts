// Plays all groups of rows, one after the other, and each system in its turn.
import { measureCli } from './cli.ts';
import { figuresOf } from './figures.ts';
import { measureCrowd } from './crowd.ts';
import { measureKilled } from './killed.ts';
import { measureBlock } from './measure.ts';
import { measureMovers } from './movers/measure.ts';
import type { MoverCell } from './movers/measure.ts';
import type { Block } from './measure.ts';
import type { Options } from './options.ts';
import type { Place } from './place.ts';
import { together } from './rows.ts';
import type { Figures, Group } from './rows.ts';
import { sharesOf } from './statistics.ts';
import { stillpoint } from './stillpoint.ts';
import type { System } from './system.ts';
import type { Results } from './table.ts';
import { volsync } from './volsync.ts';
import { measureWaiting } from './waiting.ts';

export interface Played {
  readonly results: Results;
  /** Of ours on fast storage, for the tables behind the first one. */
  readonly blocks: readonly Block[];
  readonly movers: readonly MoverCell[];
}

interface Turns {
  /** Rounds of each system, whatever was asked for. */
  readonly atMost: number;
  /** How often the systems take turns, A B A B, so that a busy hour of the machine falls on both. */
  readonly turns: number;
  /** Only ours does it. */
  readonly alone?: true;
}

const TURNS: Readonly<Record<Group, Turns>> = {
  sync: { atMost: Infinity, turns: 3 },
  slow: { atMost: 4, turns: 1 },
  crowd: { atMost: 2, turns: 2 },
  'killed-window': { atMost: 20, turns: 1, alone: true },
  'killed-mover': { atMost: 3, turns: 1, alone: true },
  waiting: { atMost: 1, turns: 1, alone: true },
  movers: { atMost: 2, turns: 1, alone: true },
  cli: { atMost: 1, turns: 1, alone: true },
};

export async function playGroups(place: Place, options: Options): Promise<Played> {
  const figures = { stillpoint: [] as Figures[], volsync: [] as Figures[] };
  const blocks: Block[] = [];
  const movers: MoverCell[] = [];
  const ours = stillpoint(place);
  const theirs = options.volsync ? [await volsync(place)] : [];

  async function measure(group: Group, system: System, rounds: number): Promise<Figures> {
    if (group === 'crowd') return measureCrowd(place, system);
    if (group === 'waiting') return measureWaiting(place, options.pvcs);
    if (group === 'cli') return { ...(await measureCli(place)) };
    if (group === 'movers') {
      movers.push(...(await measureMovers(place, { rounds, scale: options.moversScale })));
      return {};
    }
    if (group !== 'sync' && group !== 'slow') return measureKilled(place, group, rounds);
    const storage = group === 'slow' ? 'dir-slow-ready' : 'dir';
    const block = await measureBlock(place, system, { rounds, storage });
    if (group === 'sync' && system === ours) blocks.push(block);
    return figuresOf(block, group);
  }

  for (const group of options.groups) {
    const { atMost, turns, alone } = TURNS[group];
    const systems = alone ? [ours] : [ours, ...theirs];
    const inTurn = group === 'crowd' || systems.length > 1 ? turns : 1;
    for (const rounds of sharesOf(Math.min(options.rounds, atMost), inTurn)) {
      for (const system of systems) figures[system.name].push(await measure(group, system, rounds));
    }
  }
  return {
    results: { stillpoint: together(figures.stillpoint), volsync: together(figures.volsync) },
    blocks,
    movers,
  };
}
