// The cgroup below which kubelet keeps the pods of one stack. On cgroup v1 each controller has its own tree.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from './layout.ts';

const root = '/sys/fs/cgroup';
const v2 = existsSync(join(root, 'cgroup.controllers'));

/** kubelet refuses to start below a cgroup that is missing in any controller. */
export function makeCgroups(layout: Layout): void {
  if (v2) enableControllers();
  for (const tree of trees()) {
    const folder = join(tree, layout.cgroup);
    if (!existsSync(folder)) mkdirSync(folder);
    if (existsSync(join(folder, 'cpuset.mems')) && !v2) inheritCpuset(tree, folder);
  }
}

/** Removes the stack's cgroups once their last process is gone. */
export async function removeCgroups(layout: Layout, limitSeconds: number): Promise<void> {
  const end = Date.now() + limitSeconds * 1000;
  for (;;) {
    for (const folder of cgroupsOf(layout)) removeTree(folder);
    const left = cgroupsOf(layout);
    if (left.length === 0) return;
    if (Date.now() > end)
      throw new Error(`${left[0]} still holds processes; end them and run \`down\` again.`);
    await sleep(25);
  }
}

/** The stack's cgroups that exist now. */
export function cgroupsOf(layout: Layout): string[] {
  return trees()
    .map((tree) => join(tree, layout.cgroup))
    .filter((folder) => existsSync(folder));
}

// Controllers that are mounted together appear twice, as links: making a folder twice does no harm.
function trees(): string[] {
  if (v2) return [root];
  return readdirSync(root)
    .map((controller) => join(root, controller))
    .filter((tree) => existsSync(join(tree, 'cgroup.procs')));
}

function enableControllers(): void {
  for (const controller of readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim().split(' ')) {
    try {
      writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // Not to be delegated here; kubelet names the controller if it needs it.
    }
  }
}

// A new cpuset of cgroup v1 is empty, and an empty one takes no process.
function inheritCpuset(tree: string, folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (readFileSync(join(folder, file), 'utf8').trim() === '')
      writeFileSync(join(folder, file), readFileSync(join(tree, file), 'utf8'));
  }
}

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(join(folder, entry.name));
    rmdirSync(folder);
  } catch {
    // Busy until its last process is gone, or gone itself: the caller looks again.
  }
}
