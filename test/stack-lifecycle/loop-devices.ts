import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files below this folder that stand behind a loop device. */
export function loopFilesBelow(folder: string): readonly string[] {
  return readdirSync('/sys/block')
    .map((device) => backingFile(device))
    .filter((file) => file.startsWith(`${folder}/`));
}

function backingFile(device: string): string {
  try {
    return readFileSync(join('/sys/block', device, 'loop', 'backing_file'), 'utf8').trim();
  } catch {
    return ''; // No loop device, or one that is free.
  }
}
