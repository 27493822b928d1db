// What takes long to make is made once and kept outside the clone, in a folder named after what it is made from.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import type { Say } from './shell.ts';

export interface CachedPart {
  readonly part: string;
  /** Everything that decides what is made: texts of files, versions, flags. */
  readonly madeFrom: readonly string[];
  readonly say: Say;
  /** Fills the folder. It is renamed into place only when this has succeeded. */
  readonly make: (folder: string) => Promise<void>;
}

/** The folder that holds the part: from the cache, or made now, by one process at a time. */
export async function cached({ part, madeFrom, say, make }: CachedPart): Promise<string> {
  const folder = join(cacheFolder(), part, hashOf(madeFrom));
  if (existsSync(folder)) return folder;
  const onWait = () => say(`waiting for another process that is making ${part}`);
  await withLock({ path: `${folder}.lock`, onWait }, async () => {
    if (existsSync(folder)) return;
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    await make(unfinished);
    renameSync(unfinished, folder);
  });
  return folder;
}

/** The folder of all caches of Stillpoint on this machine. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillpoint');
}

/** Two lists of ingredients never share a hash by moving text from one entry to the next. */
export function hashOf(madeFrom: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(madeFrom)).digest('hex').slice(0, 16);
}
