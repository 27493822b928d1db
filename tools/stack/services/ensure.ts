// Bringing one service to the state "runs", whatever state it is in now.
import type { Layout } from '../layout.ts';
import {
  familyOf,
  processesOf,
  runsAs,
  signalProcess,
  startService,
  untilProcesses,
  type Family,
  type MarkedProcess,
  type Service,
} from '../processes.ts';
import { nodeServices } from './node.ts';

/** Starts the service unless it runs as it should; what a test has stopped or paused goes on. */
export async function ensureService(layout: Layout, service: Service): Promise<void> {
  const family = familyOf(service.name, processesOf(layout));
  continueStopped(family);
  if (family.loop && runsAs(family.loop, layout, service)) return;
  await end(layout, service.name, family);
  startService(layout, service);
}

/** The same for what runs inside the node: whatever of it lacks its loop comes back with a new node. */
export async function ensureNodeServices(layout: Layout): Promise<void> {
  const processes = processesOf(layout);
  for (const service of nodeServices) continueStopped(familyOf(service, processes));
  const complete = (now: readonly MarkedProcess[]) =>
    nodeServices.every((service) => familyOf(service, now).loop);
  if (await untilProcesses(layout, complete, 10)) return;
  const node = familyOf('node', processesOf(layout)).main;
  if (node) signalProcess(node, 'SIGKILL');
}

function continueStopped({ all }: Family): void {
  for (const stopped of all.filter((each) => each.stopped)) signalProcess(stopped, 'SIGCONT');
}

// What was started by another version of us, or has lost its loop and would end unseen one day, is ended:
// it holds the service's port and files.
async function end(layout: Layout, service: string, { loop, all }: Family): Promise<void> {
  if (loop) signalProcess(loop, 'SIGKILL');
  for (const each of all) signalProcess(each, 'SIGKILL');
  const gone = await untilProcesses(layout, (now) => familyOf(service, now).all.length === 0, 20);
  if (!gone) throw new Error(`An old process of ${service} does not end; look at pid ${all[0]?.pid}.`);
}
