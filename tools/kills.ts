// npm run kills: random kills and stalls of every part at random moments over running syncs, each followed by the check
// of all invariants, with applications that record by their own stopwatch how long they stood still.
//
//   --count N       how many (20)
//   --seed S        victims, moments and pauses of an earlier run
//   --name STACK    on this local stack (kills)
import { join } from 'node:path';
import { readOptions } from './kills/options.ts';
import { runKills } from './kills/run.ts';
import { table } from './kills/table.ts';
import { marksOf } from './stack/processes.ts';
import { stackUp } from './stack/up.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const { count, seed, name } = readOptions(process.argv.slice(2));
  const stack = await stackUp(name, say);
  say(`the stack ${name} stays up afterwards: npm run stack -- down --name ${name}`);
  say(`seed ${seed}: ${count} kills; again: npm run kills -- --count ${count} --seed ${seed}`);
  const folder = join(stack.stateFolder, 'stillpoint');
  // Our own programs carry the stack's mark, and end with it.
  const env = marksOf(stack.stateFolder, 'kills');
  const tally = await runKills(
    { ...stack, stackName: stack.name, folder, env, tell: (line) => say(`${clock()}  ${line}`) },
    { count, seed },
  );
  say(`\n${table(tally)}`);
  process.exit(tally.violations.length > 0 ? 1 : 0);
} catch (error) {
  process.stderr.write(`kills: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}
