// npm run stack -- up | down | status | env | reset: a real Kubernetes and a real Temporal on this machine.
import { Command } from 'commander';
import { stackDown, stackReset } from './stack/down.ts';
import { shellExports } from './stack/environment.ts';
import { requireRoot } from './stack/prerequisites.ts';
import { readStack, type Stack } from './stack/stack.ts';
import { stackStatus, statusTable } from './stack/status.ts';
import { stackUp } from './stack/up.ts';

interface Options {
  readonly name: string;
}

const program = new Command('stack').description('A real Kubernetes and a real Temporal on this machine.');
program.hook('preAction', requireRoot);
subcommand('up', 'start it, or what of it does not run', up);
subcommand('down', 'end it and keep its state', ({ name }) => stackDown(name));
subcommand('status', 'show its services, their pids and memory', async ({ name }) =>
  console.log(statusTable(stackStatus(name))),
);
subcommand('env', 'print shell exports: eval "$(npm run --silent stack -- env)"', async ({ name }) =>
  console.log(shellExports(known(name))),
);
subcommand('reset', 'end it and forget its state', ({ name }) => stackReset(name));

try {
  await program.parseAsync();
} catch (error) {
  console.error(`stack: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1); // Not at once otherwise: what still waits for other parts would wait on.
}

function subcommand(verb: string, description: string, action: (options: Options) => Promise<void>): void {
  program
    .command(verb)
    .description(description)
    .option('--name <name>', 'which stack', 'demo')
    .action(action);
}

async function up({ name }: Options): Promise<void> {
  const started = Date.now();
  const say = (line: string) =>
    console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const stack = await stackUp(name, say);
  say(`the stack ${name} is up`);
  console.log(`
Temporal UI   ${stack.temporalUi}
kubeconfig    ${stack.kubeconfig}
logs          ${stack.logFolder}
your shell    eval "$(npm run --silent stack -- env --name ${name})"`);
}

function known(name: string): Stack {
  const stack = readStack(name);
  if (!stack)
    throw new Error(`There is no stack ${name}; start it with \`npm run stack -- up --name ${name}\`.`);
  return stack;
}
