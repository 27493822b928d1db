// The processes of a stack are known by two marks in their environment: the state folder of the stack, and
// the service. A mark cannot be lost like a pid file, never fits a stranger whose pid is the same by chance,
// and finds what is left after a crash of everything.
//
// Each service is a small shell loop that starts it again whenever it ends, its main process, and what that
// has started:      sh (the loop) ── etcd (main)      sh ── containerd (main) ── containerd-shim (others)
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from './layout.ts';
import { readStat, type ProcessStat } from './process-identity.ts';

const stackMark = 'STILLPOINT_STACK';
const serviceMark = 'STILLPOINT_SERVICE';
const mainMark = 'STILLPOINT_MAIN';

/** Environment of a process of ours that is to end with its stack (`npm run stack -- down`). */
export function marksOf(stateFolder: string, service: string): Readonly<Record<string, string>> {
  return { [stackMark]: stateFolder, [serviceMark]: service, [mainMark]: '1' };
}

/** Runs `$@` for ever. `$0` is the service's name. */
export const restartLoop = `while :; do ${mainMark}=1 "$@"; echo "--- $0 ended with $? and is started again"; sleep 0.3; done`;

export interface Service {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** The whole environment: what the person at the terminal has set, such as a proxy, must not reach a stack. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs on the host's network instead of the stack's own. */
  readonly onHostNetwork?: boolean;
}

export interface MarkedProcess extends ProcessStat {
  readonly pid: number;
  readonly service: string;
  readonly marked: 'loop' | 'main';
}

/** The running processes of one service. */
export interface Family {
  readonly loop?: MarkedProcess;
  readonly main?: MarkedProcess;
  readonly all: readonly MarkedProcess[];
}

/** Starts the service's loop, detached from this program. */
export function startService(layout: Layout, service: Service): void {
  const log = openSync(join(layout.logs, `${service.name}.log`), 'a');
  const loop = loopOf(service);
  const [command = '', ...args] = service.onHostNetwork ? loop : [...enter(layout), ...loop];
  const env = environmentOf(layout, service);
  const child = spawn(command, args, { cwd: layout.state, detached: true, stdio: ['ignore', log, log], env });
  child.unref();
  closeSync(log);
}

/** Whether the loop that was found runs this service as it would be started now. */
export function runsAs(found: MarkedProcess, layout: Layout, service: Service): boolean {
  const words = readWords(found.pid, 'cmdline');
  const environment = new Set(readWords(found.pid, 'environ'));
  const wanted = Object.entries(environmentOf(layout, service));
  return (
    words.join('\0') === loopOf(service).join('\0') &&
    wanted.every(([key, value]) => environment.has(`${key}=${value}`))
  );
}

function loopOf({ name, command, arguments: args }: Service): string[] {
  return ['sh', '-c', restartLoop, name, command, ...args];
}

function environmentOf(layout: Layout, { name, environment }: Service): Record<string, string> {
  return { HOME: layout.state, ...environment, [stackMark]: layout.state, [serviceMark]: name };
}

/** The words that run a command inside the stack's network. `ip netns exec` would hide the cgroups from kubelet. */
export function enter(layout: Layout): string[] {
  return ['nsenter', `--net=${layout.networkFile}`, '--'];
}

/** Every process of the stack that is running now, zombies excepted. */
export function processesOf(layout: Layout): MarkedProcess[] {
  const pids = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return pids.flatMap((pid) => {
    const marks = readMarks(pid);
    const stat = marks && readStat(pid);
    return marks?.stack === layout.state && stat
      ? [{ pid, ...stat, service: marks.service, marked: marks.marked }]
      : [];
  });
}

function readMarks(pid: number) {
  return parseMarks(readWords(pid, 'environ'));
}

function readWords(pid: number, file: 'cmdline' | 'environ'): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return []; // It has ended meanwhile.
  }
}

/** Reads the marks out of an environment; undefined where there are none. */
export function parseMarks(environment: readonly string[]) {
  const valueOf = (mark: string) =>
    environment.find((entry) => entry.startsWith(`${mark}=`))?.slice(mark.length + 1);
  const stack = valueOf(stackMark);
  const service = valueOf(serviceMark);
  if (stack === undefined || service === undefined) return undefined;
  return { stack, service, marked: valueOf(mainMark) ? ('main' as const) : ('loop' as const) };
}

/** Children of a main process carry its marks too: only the one below the loop is the main one. */
export function familyOf(service: string, processes: readonly MarkedProcess[]): Family {
  const all = processes.filter((each) => each.service === service);
  const loop = all.find((each) => each.marked === 'loop' && !all.some((other) => other.pid === each.parent));
  const main = all.find((each) => each.marked === 'main' && each.parent === loop?.pid);
  return { all, ...(loop && { loop }), ...(main && { main }) };
}

/** Signals the process only if it is still the one that was found. */
export function signalProcess(found: MarkedProcess, signal: NodeJS.Signals): void {
  if (readStat(found.pid)?.startTime !== found.startTime) return;
  try {
    process.kill(found.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until a condition holds of the stack's processes. */
export async function untilProcesses(
  layout: Layout,
  holds: (processes: readonly MarkedProcess[]) => boolean,
  limitSeconds: number,
): Promise<boolean> {
  const end = Date.now() + limitSeconds * 1000;
  while (!holds(processesOf(layout))) {
    if (Date.now() > end) return false;
    await sleep(25);
  }
  return true;
}
