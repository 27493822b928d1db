// npm run bench: syncs on the real stack, measured by an outside watcher and printed beside their budgets (docs/bench.md).
// This half brings the stack up and down; the other one measures (bench/inside.ts).
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { readOptions } from './bench/options.ts';
import { builtVolsync } from './bench/volsync.ts';
import { stackDown, stackReset } from './stack/down.ts';
import { layoutOf } from './stack/layout.ts';
import { stackUp } from './stack/up.ts';

const words = process.argv.slice(2);
const options = readOptions(words);
let leaving = false;
let measuring: ChildProcess | undefined;
process.on('SIGINT', () => void leave(130));
process.on('SIGTERM', () => void leave(143));
try {
  await stackUp(options.name, say);
  if (options.volsync) await builtVolsync(say);
  if (!leaving) await leave(await measure());
} catch (error) {
  if (!leaving) say(error instanceof Error ? error.message : String(error));
  await leave(1);
}

function measure(): Promise<number> {
  const program = join(import.meta.dirname, 'bench', 'inside.ts');
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', program, ...words];
  const network = `--net=${layoutOf(options.name).networkFile}`;
  const child = spawn('nsenter', [network, '--', ...node], { stdio: 'inherit' });
  measuring = child;
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Worker and controller carry the stack's mark, and end with it. */
async function leave(code: number): Promise<void> {
  if (leaving) return;
  leaving = true;
  if (measuring?.exitCode === null) measuring.kill('SIGTERM');
  const { name, keep, groups } = options;
  if (keep) say(`the stack ${name} stays up; npm run stack -- down --name ${name}`);
  else if (groups.includes('waiting') || groups.includes('movers')) {
    say('the stack goes down, and its thousands of pvcs, or gigabytes, are forgotten');
    await stackReset(name);
  } else {
    say('the stack goes down');
    await stackDown(name);
  }
  process.exit(code);
}

function say(line: string): void {
  console.log(`bench: ${line}`);
}
