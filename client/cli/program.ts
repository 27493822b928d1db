// Reads the command line and runs one command of the catalogue.
import { Command as Program, CommanderError } from 'commander';
import { COMMANDS, GLOBAL_FLAGS } from './catalogue.ts';
import type { Command } from './catalogue.ts';
import { CliError, EXIT, endingOf } from './exit.ts';
import type { ExitCode } from './exit.ts';
import { createOut, readFormat } from './print/out.ts';

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** Runs what was typed; resolves with the exit code. */
export async function runCli(words: readonly string[]): Promise<ExitCode> {
  const code = await runWords(words);
  if ((process.env['STILLPOINT_CLI_COST'] ?? '') !== '') await (await import('./cost.ts')).printCost();
  return code;
}

async function runWords(words: readonly string[]): Promise<ExitCode> {
  if (words[0] === COMPLETE) return complete(words.slice(1));
  if (words[0] === AGENT) return agent(words.slice(1));
  let code: ExitCode = EXIT.done;
  const interrupted = interruption();
  const program = readingProgram(async (command, typed, flags) => {
    code = await runCommand(command, { words: typed, flags, interrupted });
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const ending = endingOf(error, (process.env['STILLPOINT_DEBUG'] ?? '') !== '');
    const said = !interrupted.aborted || error instanceof CliError;
    if (said) process.stderr.write(`error: ${ending.sentence}\n`);
    return interrupted.aborted ? EXIT.interrupted : ending.code;
  }
}

const AGENT = 'agent';

// No command of a person: it stays, has flags of its own, and must not pay for what people need.
async function agent(words: readonly string[]): Promise<ExitCode> {
  const { agentProgram } = await import('../../agent/program.ts');
  await agentProgram(words);
  return EXIT.done;
}

/** The word by which the completion scripts ask for candidates. */
export const COMPLETE = '__complete';

type Act = (command: Command, words: readonly string[], flags: Flags) => Promise<void>;

function readingProgram(act: Act): Program {
  const program = new Program('kubectl stillpoint')
    .description('Application-consistent replication of volumes: see it, act on it, understand it.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what there is)');
  for (const { flag, meaning } of GLOBAL_FLAGS) program.option(flag, meaning);
  for (const command of COMMANDS) add(program, command, act);
  program.command(AGENT).description('the companion of one application: quiesces it when a copy is wanted');
  program
    .command('completion <shell>')
    .description('completion for bash, zsh or fish: source <(stillpoint completion bash)')
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.ts');
      process.stdout.write(completionScript(shell));
    });
  return program;
}

function add(program: Program, command: Command, act: Act): void {
  const { name, words = '', summary, flags = [] } = command;
  const sub = program.command(`${name} ${words}`.trim()).description(summary);
  for (const { flag, meaning } of flags) sub.option(flag, meaning);
  sub.action(async () => {
    await act(command, sub.args, { ...sub.opts<Flags>(), ...program.opts<Flags>() });
  });
}

interface Invocation {
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly interrupted: AbortSignal;
}

async function runCommand(command: Command, { words, flags, interrupted }: Invocation): Promise<ExitCode> {
  setEnvironment(flags);
  const out = createOut({ format: readFormat(textOf(flags['output'])), color: flags['color'] !== false });
  const [{ openPlace }, { run }] = await Promise.all([import('./place.ts'), command.load()]);
  const place = openPlace(
    {
      namespace: textOf(flags['namespace']),
      allNamespaces: flags['allNamespaces'] === true,
      context: textOf(flags['context']) ?? process.env['STILLPOINT_CONTEXT'],
    },
    out,
    interrupted,
  );
  try {
    return await run(place, { words, flags });
  } finally {
    await place.close();
  }
}

// The variables are what the code below reads; a flag wins.
function setEnvironment(flags: Flags): void {
  const variables = {
    KUBECONFIG: flags['kubeconfig'],
    TEMPORAL_ADDRESS: flags['temporalAddress'],
    TEMPORAL_NAMESPACE: flags['temporalNamespace'],
  };
  for (const [name, value] of Object.entries(variables))
    if (typeof value === 'string') process.env[name] = value;
}

function textOf(flag: string | boolean | undefined): string | undefined {
  return typeof flag === 'string' ? flag : undefined;
}

// The first Ctrl-C lets a command tidy up, as `quiesce` must; the second one ends it.
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort(new CliError('interrupted', EXIT.interrupted));
    });
  }
  return controller.signal;
}

/** Never a word on standard error, and never a failure: the shell is in the middle of a line. */
async function complete(words: readonly string[]): Promise<ExitCode> {
  try {
    const { candidates } = await import('./completion.ts');
    for (const candidate of await candidates(words)) process.stdout.write(`${candidate}\n`);
  } catch {
    // Nothing to offer.
  }
  return EXIT.done;
}
