// `down`: no process, mount, interface, namespace or cgroup of the stack remains; its state does.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeCgroups } from './cgroups.ts';
import { layoutOf, type Layout } from './layout.ts';
import { withLock } from './lock.ts';
import { networkDown } from './network.ts';
import { requireRoot } from './prerequisites.ts';
import { processesOf, signalProcess, untilProcesses, type MarkedProcess } from './processes.ts';
import { run } from './shell.ts';

/** Ends the stack and keeps its state: the next `up` goes on where it was. */
export function stackDown(name: string): Promise<void> {
  requireRoot();
  const layout = layoutOf(name);
  return withLock({ path: `${layout.state}.lock` }, () => endEverything(layout));
}

/** Ends the stack and forgets its state: cluster, workflows, volumes and repositories. The caches stay. */
export function stackReset(name: string): Promise<void> {
  requireRoot();
  const layout = layoutOf(name);
  return withLock({ path: `${layout.state}.lock` }, async () => {
    await endEverything(layout);
    rmSync(layout.state, { recursive: true, force: true });
  });
}

export async function endEverything(layout: Layout): Promise<void> {
  await endProcesses(layout);
  // The pods' processes end with the node's pid namespace, a moment after it: the cgroups tell.
  await removeCgroups(layout, 20);
  await detachLoopDevices(layout);
  await networkDown(layout);
  rmSync(layout.insideSocket, { force: true });
}

async function endProcesses(layout: Layout): Promise<void> {
  const found = processesOf(layout);
  // The loops first: they would start again what ends.
  for (const loop of found.filter(({ marked }) => marked === 'loop')) signalProcess(loop, 'SIGKILL');
  for (const other of found.filter(({ marked }) => marked === 'main')) signalProcess(other, endingOf(other));
  if (await untilProcesses(layout, (now) => now.length === 0, 5)) return;
  for (const left of processesOf(layout)) signalProcess(left, 'SIGKILL');
  if (await untilProcesses(layout, (now) => now.length === 0, 10)) return;
  const pids = processesOf(layout).map(({ pid, service }) => `${service} (${pid})`);
  throw new Error(`These processes of the stack ${layout.name} do not end: ${pids.join(', ')}.`);
}

// The API server lingers a minute after SIGTERM while watches are open; etcd is quick and closes its files.
function endingOf({ service, stopped }: MarkedProcess): NodeJS.Signals {
  return service === 'etcd' && !stopped ? 'SIGTERM' : 'SIGKILL';
}

/** Volumes may be disk images; their mounts went with the node, their loop devices do not always. */
async function detachLoopDevices(layout: Layout): Promise<void> {
  const devices = existsSync('/sys/block')
    ? readdirSync('/sys/block').filter((name) => name.startsWith('loop'))
    : [];
  for (const device of devices) {
    const file = join('/sys/block', device, 'loop', 'backing_file');
    // It may be freed by itself meanwhile.
    if (standsBehind(file, layout))
      await run('losetup', ['--detach', `/dev/${device}`]).catch((error: unknown) => {
        if (standsBehind(file, layout)) throw error;
      });
  }
}

/** Whether a loop device's file, of which this file of the kernel tells, is one of the stack's. */
function standsBehind(backingFile: string, { state }: Layout): boolean {
  try {
    return readFileSync(backingFile, 'utf8').startsWith(`${state}/`);
  } catch {
    return false; // The device is free.
  }
}
