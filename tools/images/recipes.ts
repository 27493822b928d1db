// Each image: its name in the cluster, what it is made from, and how.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Say } from '../stack/shell.ts';
import { baseRecipe, ensureDebianBase, ensureNodeBase, nodeRecipe } from './base-images.ts';
import type { Docker } from './docker-engine.ts';
import { trixiePackages } from './trixie-packages.ts';

export interface ImageRecipe {
  readonly part: string;
  readonly name: string;
  /** On two cores, with nothing but the packages' registries to start from. */
  readonly usualSeconds: number;
  readonly madeFrom: () => readonly string[];
  /** Leaves the image in the engine under its name. */
  readonly build: (docker: Docker, say: Say) => Promise<void>;
}

const root = join(import.meta.dirname, '../..');
const busyboxPackages = { name: 'busybox', packages: ['busybox-static', 'libc6'] };

export const mover: ImageRecipe = {
  part: 'images/mover',
  name: 'registry.local/stillpoint-mover:dev',
  usualSeconds: 150,
  madeFrom: () => [...baseRecipe(), ...textsOf(['images/mover'])],
  build: async (docker, say) => {
    await ensureDebianBase(docker, say);
    await docker('build', '--network=host', '--tag', mover.name, join(root, 'images/mover'));
  },
};

/** What the worker's Dockerfile copies; `.dockerignore` names the same. */
export const workerFolders = [
  'api',
  'domain',
  'movers',
  'kubernetes',
  'telemetry',
  'activities',
  'workflows',
  'worker',
  'client',
  'guard',
  'agent',
];
export const workerFiles = ['package.json', 'package-lock.json', '.npmrc', 'images/worker/entry.sh'];

export const worker: ImageRecipe = {
  part: 'images/worker',
  name: 'registry.local/stillpoint-worker:dev',
  usualSeconds: 150,
  madeFrom: () => [
    ...nodeRecipe(),
    ...textsOf(['images/worker/Dockerfile', ...workerFiles, ...workerFolders]),
  ],
  build: async (docker, say) => {
    await ensureNodeBase(docker, say);
    const dockerfile = join(root, 'images/worker/Dockerfile');
    await docker('build', '--network=host', '--tag', worker.name, '--file', dockerfile, root);
  },
};

export const busybox: ImageRecipe = {
  part: 'images/busybox',
  name: 'localhost/busybox:local',
  usualSeconds: 10,
  madeFrom: () => [...busyboxPackages.packages, process.arch, ...textsOf(['tools/images/busybox'])],
  build: (docker, say) => buildOnBusybox({ image: busybox, folder: 'tools/images/busybox' }, docker, say),
};

export const pause: ImageRecipe = {
  part: 'images/pause',
  name: 'localhost/pause:local',
  usualSeconds: 10,
  madeFrom: () => [...busyboxPackages.packages, process.arch, ...textsOf(['tools/images/pause'])],
  build: (docker, say) => buildOnBusybox({ image: pause, folder: 'tools/images/pause' }, docker, say),
};

async function buildOnBusybox(
  what: { image: ImageRecipe; folder: string },
  docker: Docker,
  say: Say,
): Promise<void> {
  const packages = await trixiePackages(busyboxPackages, say);
  const context = mkdtempSync(join(tmpdir(), 'stillpoint-image-'));
  try {
    cpSync(join(root, what.folder), context, { recursive: true });
    mkdirSync(join(context, 'rootfs/bin'), { recursive: true });
    cpSync(join(packages, 'usr/bin/busybox'), join(context, 'rootfs/bin/busybox'));
    copyLibc(packages, join(context, 'rootfs'));
    await docker('build', '--network=host', '--tag', what.image.name, context);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

// A static program still loads the libraries that resolve names, of exactly the libc that it was built with.
function copyLibc(packages: string, rootfs: string): void {
  const libraries = readdirSync(join(packages, 'usr/lib')).find((name) => name.endsWith('-linux-gnu'));
  if (libraries === undefined) throw new Error(`Debian's libc6 in ${packages} holds no libraries.`);
  const target = join(rootfs, 'lib', libraries);
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(join(packages, 'usr/lib', libraries)).filter((file) =>
    /^(libc|libnss_\w+|libresolv|ld-linux.*)\.so/.test(file),
  ))
    cpSync(join(packages, 'usr/lib', libraries, name), join(target, name), { dereference: true });
}

/** Names and contents of all files under the given paths, in a fixed order. */
function textsOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const absolute = join(root, path);
    if (!statSync(absolute).isDirectory()) return [path, readFileSync(absolute, 'utf8')];
    return textsOf(
      readdirSync(absolute)
        .toSorted()
        .map((name) => join(path, name)),
    );
  });
}
