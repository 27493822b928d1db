// npm run bench: syncs on the real stack, measured by an outside watcher and printed beside their budgets (docs/bench.md).
import { cpus } from 'node:os';
import { hopTable } from './bench/hops.ts';
import { load, measureBlock } from './bench/measure.ts';
import type { Block } from './bench/measure.ts';
import { readOptions } from './bench/options.ts';
import type { Options } from './bench/options.ts';
import { openPlace } from './bench/place.ts';
import type { Place } from './bench/place.ts';
import { chosenRows, ROWS } from './bench/rows.ts';
import type { Storage } from './bench/rows.ts';
import { sharesOf } from './bench/statistics.ts';
import { stillpoint } from './bench/stillpoint.ts';
import type { ProgramMemory, System } from './bench/system.ts';
import { requestTable, resultTable } from './bench/table.ts';
import type { Results } from './bench/table.ts';
import { volsync } from './bench/volsync.ts';
import { stackDown } from './stack/down.ts';

const TURNS = 3;
const began = Date.now();
const options = readOptions(
  process.argv.slice(2),
  ROWS.map(({ key }) => key),
);
let leaving = false;
process.on('SIGINT', () => void leave(130));
process.on('SIGTERM', () => void leave(143));
try {
  const place = await openPlace(options.name, say);
  if (!leaving) await bench(place, options);
  await place.close();
  await leave(0);
} catch (error) {
  if (!leaving) console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  await leave(1);
}

async function bench(place: Place, options: Options): Promise<void> {
  const { rounds, only } = options;
  const ours = stillpoint(place);
  const theirs = options.volsync ? [await volsync(place)] : [];
  const rows = chosenRows(options);
  const storages = [...new Set(rows.map(({ storage }) => storage))];
  const results = await measureAll(place, { ours, theirs, rounds, storages });
  console.log(`
${rounds} syncs of each system; ${cpus().length} cores, load ${load()} now

${resultTable(results, rows)}
`);
  if (only !== undefined) return;
  const fast = results.stillpoint.filter(({ storage }) => storage === 'dir');
  console.log(`${requestTable(fast)}\n\n${hopTable(fast)}\n`);
  for (const { program, mebibytes } of Object.values(results).flatMap(lastMemory))
    console.log(`${program}: ${mebibytes.toFixed(0)} MiB`);
}

interface Plan {
  readonly ours: System;
  readonly theirs: readonly System[];
  readonly rounds: number;
  readonly storages: readonly Storage[];
}

/** Two systems take turns, A B A B, so that a busy hour of the machine falls on both. */
async function measureAll(place: Place, { ours, theirs, rounds, storages }: Plan): Promise<Results> {
  const results = { stillpoint: [] as Block[], volsync: [] as Block[] };
  const sizes = sharesOf(rounds, theirs.length === 0 ? 1 : TURNS);
  for (const wish of storages.flatMap((storage) => sizes.map((size) => ({ storage, rounds: size })))) {
    results.stillpoint.push(await measureBlock(place, ours, wish));
    for (const system of theirs) results.volsync.push(await measureBlock(place, system, wish));
  }
  return results;
}

function lastMemory(blocks: readonly Block[]): readonly ProgramMemory[] {
  return blocks.at(-1)?.memory ?? [];
}

/** Worker and controller carry the stack's mark, and end with it. */
async function leave(code: number): Promise<void> {
  if (leaving) return;
  leaving = true;
  if (options.keep) say(`the stack ${options.name} stays up; npm run stack -- down --name ${options.name}`);
  else {
    say('the stack goes down');
    await stackDown(options.name);
  }
  process.exit(code);
}

function say(line: string): void {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}
