// Volumes of a class with `backing: loop`: a file system of exactly the volume's size, in a file beside its data, on a
// loop device. Only such a volume can be full, and only such a volume may be frozen with fsfreeze.
//
// It is mounted where the data of any other volume lies, so that all else works alike. The mount ends with the node,
// and is made again when the volume is used next; with the mount goes the loop device.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { mounted, unmount } from './mounts.ts';
import type { Parameters } from './requests.ts';

const run = promisify(execFile);

export function isLoop({ backing }: Parameters): boolean {
  return backing === 'loop';
}

/** Makes the file system and mounts it at `data`, which is empty. */
export async function createLoop(data: string, bytes: number): Promise<void> {
  await run('truncate', ['--size', String(bytes), imageOf(data)]);
  // Nothing is kept back for root, so that "full" means the same for every user.
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', imageOf(data)]);
  await mountLoop(data);
}

export async function mountLoop(data: string): Promise<void> {
  for (let attempt = 1; !mounted(data); attempt += 1) {
    try {
      await run('mount', ['-o', 'loop', imageOf(data), data]);
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
      await sleep(AGAIN_MS);
    }
  }
}

// Between finding a free loop device and taking it, somebody else on the machine may take it.
const ATTEMPTS = 10;
const AGAIN_MS = 100;

export async function unmountLoop(data: string): Promise<void> {
  if (mounted(data)) await unmount(data);
}

/** Enlarges the file system, which nobody may use meanwhile: in use, it would take more rights than root may have here. */
export async function growLoop(data: string, bytes: number): Promise<void> {
  await unmountLoop(data);
  await run('truncate', ['--size', String(bytes), imageOf(data)]);
  await run('e2fsck', ['-f', '-p', imageOf(data)]);
  await run('resize2fs', [imageOf(data)]);
  await mountLoop(data);
}

function imageOf(data: string): string {
  return join(dirname(data), 'image');
}
