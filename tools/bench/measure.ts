// Plays syncs one after the other and notes what an outside watcher sees of each.
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../activities/watching.ts';
import { installApplication } from './application.ts';
import type { Application } from './application.ts';
import type { SyncHistory } from './history.ts';
import { observe } from './moments.ts';
import type { Moments } from './moments.ts';
import type { Storage } from './objects.ts';
import type { Place } from './place.ts';
import { requestsBetween } from './requests.ts';
import type { RequestCounts } from './requests.ts';
import type { ProgramMemory, System } from './system.ts';

export interface Round {
  readonly moments: Moments;
  readonly history?: SyncHistory;
}

/** Some rounds in a row of one system, after which it is stopped. */
export interface Block {
  readonly rounds: readonly Round[];
  /** Of all rounds together. */
  readonly requests: RequestCounts;
  readonly memory: readonly ProgramMemory[];
}

export interface BlockWish {
  readonly rounds: number;
  readonly storage: Storage;
}

/** Not counted: the first sync of a source makes its repository and fills caches. */
const WARM_UP_ROUNDS = 2;
const TIDY_WITHIN_MS = 60_000;
/** What it takes an owner to quiesce, between WaitingForTrigger and the trigger. */
const QUIESCE_MS = 250;

export async function measureBlock(place: Place, system: System, wish: BlockWish): Promise<Block> {
  await system.start();
  try {
    return await playApplication(place, system, wish);
  } finally {
    await system.stop();
  }
}

/** For what is measured after it: code and connections are warm. */
export async function warmUp(place: Place, system: System): Promise<void> {
  await playApplication(place, system, { rounds: 0, storage: 'dir' });
}

async function playApplication(place: Place, system: System, wish: BlockWish): Promise<Block> {
  const application = await installApplication(place, wish.storage);
  const block = await playBlock({ place, system, application }, wish);
  await application.remove();
  return block;
}

interface Stage {
  readonly place: Place;
  readonly system: System;
  readonly application: Application;
}

async function playBlock(stage: Stage, { rounds: wanted, storage }: BlockWish): Promise<Block> {
  const { system, place } = stage;
  const say = (line: string) => place.say(`${system.name}: ${line}; load ${load()}`);
  say(
    `${WARM_UP_ROUNDS} rounds to warm up${wanted > 0 ? `, then ${wanted} to measure on storage ${storage}` : ''}`,
  );
  for (let round = 1; round <= WARM_UP_ROUNDS; round += 1) await playRound(stage, `warm-up-${round}`);
  const before = await system.requests();
  const rounds: Round[] = [];
  while (rounds.length < wanted) {
    rounds.push(await playRound(stage, `round-${rounds.length + 1}`));
    if (rounds.length % 5 === 0) say(`${rounds.length} of ${wanted} rounds`);
  }
  const requests = requestsBetween(before, await system.requests());
  return { rounds, requests, memory: system.memory() };
}

async function playRound({ place, system, application }: Stage, tag: string): Promise<Round> {
  const { cluster } = place;
  const { pvc, source } = application;
  const observer = observe({ cluster, pvc, source, tag });
  try {
    observer.mark('due');
    await application.syncIsDue(tag);
    await observer.reached('waiting');
    const asked = cluster.pvcs.watch().get(pvc);
    await quiesced();
    await application.setTrigger(tag);
    await observer.reached('completed');
    await observer.reached('reported');
    const history = asked && (await system.closed(asked));
    await tidied(place, application);
    return { moments: observer.moments, ...(history && { history }) };
  } finally {
    observer.end();
  }
}

function tidied({ cluster }: Place, application: Application): Promise<true> {
  const watches = [cluster.volumeSnapshots.watch(), cluster.jobs.watch()];
  const look = () => (application.isTidy() ? true : undefined);
  return until(watches, look, AbortSignal.timeout(TIDY_WITHIN_MS));
}

/** As the owner of an application does it. */
export function quiesced(): Promise<void> {
  return sleep(QUIESCE_MS);
}

/** The machine's load of the last minute: numbers taken at more than its cores say little. */
export function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
