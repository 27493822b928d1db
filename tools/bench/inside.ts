// The measuring half of the bench (tools/bench.ts), in the network of the stack. Its arguments are the bench's own.
import { cpus } from 'node:os';
import { hopTable } from './hops.ts';
import { load } from './measure.ts';
import { moverTable } from './movers/table.ts';
import { readOptions } from './options.ts';
import { openPlace } from './place.ts';
import { playGroups } from './play.ts';
import { chosenRows } from './rows.ts';
import { requestTable, resultTable } from './table.ts';

const began = Date.now();
const options = readOptions(process.argv.slice(2));
try {
  const place = await openPlace(options.name, say);
  const { results, blocks, movers } = await playGroups(place, options);
  const { rounds, only } = options;
  const syncs = blocks.length > 0 ? `${rounds} syncs of each system; ` : '';
  console.log(`
${syncs}${cpus().length} cores, load ${load()} now
`);
  const rows = chosenRows(options);
  if (rows.length > 0) console.log(`${resultTable(results, rows)}\n`);
  if (movers.length > 0) console.log(`${moverTable(movers)}\n`);
  if (only === undefined && blocks.length > 0) {
    console.log(`${requestTable(blocks)}\n\n${hopTable(blocks)}\n`);
    for (const { program, mebibytes } of blocks.at(-1)?.memory ?? [])
      console.log(`${program}: ${mebibytes.toFixed(0)} MiB`);
  }
  await place.close();
  process.exit(0);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function say(line: string): void {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}
