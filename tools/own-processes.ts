// Starts our own worker and controller as processes, the way `npm run worker` and `npm run controller` do,
// for the demo and the tests: against a stack or a cluster of one's own, by environment alone.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './stack/ports.ts';
import { identityOf, isAlive } from './stack/process-identity.ts';

export type Program = 'worker' | 'controller';

export interface OwnProcess {
  readonly program: Program;
  readonly pid: number;
  readonly logFile: string;
  /** Its metrics, and `/readyz`. */
  readonly metricsUrl: string;
}

export interface StartOptions {
  readonly program: Program;
  /** Logs and pid files go here. */
  readonly folder: string;
  /** Over our own environment: KUBECONFIG, TEMPORAL_ADDRESS, settings. */
  readonly env: Readonly<Record<string, string>>;
}

const ENTRY: Readonly<Record<Program, string>> = {
  worker: 'worker/main.ts',
  controller: 'client/controller/main.ts',
};
const READY_WITHIN_MS = 60_000;
const root = join(import.meta.dirname, '..');

/** Starts the program detached and waits until it is ready; fails with the last line of its log. */
export async function startOwn({ program, folder, env }: StartOptions): Promise<OwnProcess> {
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, `${program}.log`);
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
  writeFileSync(pidFile(folder, program), identityOf(pid) ?? '');
  const metricsUrl = `http://127.0.0.1:${port}`;
  await ready({ program, pid, logFile, metricsUrl });
  return { program, pid, logFile, metricsUrl };
}

/** Ends a program that `startOwn` started with this folder, in this process or an earlier one; waits until it is gone. */
export async function stopOwn(
  program: Program,
  folder: string,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  const file = pidFile(folder, program);
  const identity = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (isAlive(identity)) process.kill(Number(identity.split(' ', 1)[0]), signal);
  while (isAlive(identity)) await sleep(20);
  rmSync(file, { force: true });
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

function pidFile(folder: string, program: Program): string {
  return join(folder, `${program}.pid`);
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}
