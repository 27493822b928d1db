// Breaking a stack on purpose, service by service. The names are those of `status`.
import { layoutOf, type Layout } from './layout.ts';
import {
  familyOf,
  processesOf,
  signalProcess,
  untilProcesses,
  type Family,
  type MarkedProcess,
} from './processes.ts';

/** Ends the service and keeps it down until startService or `up`. */
export async function stopService(
  name: string,
  service: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  const layout = layoutOf(name);
  const { loop, main } = running(layout, service);
  signalProcess(loop, 'SIGSTOP'); // A stopped loop starts nothing.
  signalProcess(main, signal);
  await untilGone(layout, main, service);
}

/** Ends the service; its loop starts it again at once, as after a crash. */
export async function crashService(
  name: string,
  service: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  const layout = layoutOf(name);
  const { main } = running(layout, service);
  signalProcess(main, signal);
  await untilGone(layout, main, service);
}

/** Starts what stopService has stopped. It runs when this returns, but may not be ready yet. */
export async function startService(name: string, service: string): Promise<void> {
  const layout = layoutOf(name);
  const { loop } = familyOf(service, processesOf(layout));
  if (!loop) throw new Error(`${service} of the stack ${name} has no restart loop; run \`up\`.`);
  signalProcess(loop, 'SIGCONT');
  const runs = await untilProcesses(layout, (now) => familyOf(service, now).main !== undefined, 10);
  if (!runs)
    throw new Error(`${service} of the stack ${name} did not start again; see its log in ${layout.logs}.`);
}

/** Freezes the service: it keeps its connections and answers nothing. */
export async function pauseService(name: string, service: string): Promise<void> {
  await signalUntil({ name, service, signal: 'SIGSTOP' }, ({ main }) => main?.stopped === true);
}

export async function resumeService(name: string, service: string): Promise<void> {
  await signalUntil({ name, service, signal: 'SIGCONT' }, ({ main }) => main?.stopped === false);
}

interface Signalled {
  readonly name: string;
  readonly service: string;
  readonly signal: 'SIGSTOP' | 'SIGCONT';
}

// A signal takes effect when the process is next about to run.
async function signalUntil({ name, service, signal }: Signalled, holds: (family: Family) => boolean) {
  const layout = layoutOf(name);
  signalProcess(running(layout, service).main, signal);
  const done = await untilProcesses(layout, (now) => holds(familyOf(service, now)), 10);
  if (!done) throw new Error(`${service} of the stack ${name} does not obey ${signal}.`);
}

function running(layout: Layout, service: string): Required<Family> {
  const { loop, main, all } = familyOf(service, processesOf(layout));
  if (!loop || !main)
    throw new Error(`${service} does not run in the stack ${layout.name}; see \`npm run stack -- status\`.`);
  return { loop, main, all };
}

async function untilGone(layout: Layout, gone: MarkedProcess, service: string): Promise<void> {
  const ended = await untilProcesses(layout, (now) => !now.some((each) => same(each, gone)), 90);
  if (!ended) throw new Error(`${service} (${gone.pid}) did not end.`);
}

function same(one: MarkedProcess, other: MarkedProcess): boolean {
  return one.pid === other.pid && one.startTime === other.startTime;
}
