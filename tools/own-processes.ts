// Starts our own worker, controller and guard as processes, the way `npm run worker` and its like do,
// for the demo and the tests: against a stack or a cluster of one's own, by environment alone.
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './stack/ports.ts';
import { identityOf, isAlive } from './stack/process-identity.ts';

export type Program = 'worker' | 'controller' | 'guard';

export interface OwnProcess {
  readonly program: Program;
  readonly pid: number;
  readonly logFile: string;
  /** Its metrics, and `/readyz`. */
  readonly metricsUrl: string;
}

export interface StartOptions {
  readonly program: Program;
  /** Tells several of one program apart, in the names of log and pid file; the program's own name when absent. */
  readonly name?: string;
  /** Logs and pid files go here. */
  readonly folder: string;
  /** Over our own environment: KUBECONFIG, TEMPORAL_ADDRESS, settings. */
  readonly env: Readonly<Record<string, string>>;
}

const ENTRY: Readonly<Record<Program, string>> = {
  worker: 'worker/main.ts',
  controller: 'client/controller/main.ts',
  guard: 'guard/main.ts',
};
const PID = '.pid';
const READY_WITHIN_MS = 60_000;
const root = join(import.meta.dirname, '..');

/** Starts the program detached and waits until it is ready; fails with the last line of its log. */
export async function startOwn({ program, name = program, folder, env }: StartOptions): Promise<OwnProcess> {
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, `${name}.log`);
  const [port = 0] = await freePorts(1);
  const log = openSync(logFile, 'a');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, ENTRY[program])],
    {
      cwd: root,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env, STILLPOINT_METRICS_PORT: String(port) },
    },
  );
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`the ${program} could not be started`);
  writeFileSync(pidFile(folder, name), identityOf(pid) ?? '');
  const metricsUrl = `http://127.0.0.1:${port}`;
  await ready({ program, pid, logFile, metricsUrl });
  return { program, pid, logFile, metricsUrl };
}

/** Ends what `startOwn` started under this name with this folder, in this process or an earlier one; waits until it is gone. */
export async function stopOwn(
  name: string,
  folder: string,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  const file = pidFile(folder, name);
  const identity = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (isAlive(identity)) process.kill(Number(identity.split(' ', 1)[0]), signal);
  while (isAlive(identity)) await sleep(20);
  rmSync(file, { force: true });
}

/** The names of all that `startOwn` started with this folder and nobody has stopped. */
export function ownStarted(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(PID))
    .map((file) => basename(file, PID));
}

async function ready({ program, pid, logFile, metricsUrl }: OwnProcess): Promise<void> {
  const identity = identityOf(pid) ?? '';
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    if (!isAlive(identity))
      throw new Error(`the ${program} ended at once: ${lastLine(logFile)} (log: ${logFile})`);
    const answer = await fetch(`${metricsUrl}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error(`the ${program} was not ready within ${READY_WITHIN_MS / 1000} s (log: ${logFile})`);
}

function pidFile(folder: string, name: string): string {
  return join(folder, `${name}${PID}`);
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}
