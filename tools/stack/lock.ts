// A lock between processes of this machine: a file that names its holder. It survives neither the holder
// nor a reboot, because a holder is alive only while its pid still has the same start time.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isAlive } from './process-identity.ts';

export interface LockOptions {
  readonly path: string;
  /** Called once when another process holds the lock. */
  readonly onWait?: () => void;
}

/** Runs the action while no other process holds the same lock. */
export async function withLock<T>({ path, onWait }: LockOptions, action: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let waiting = false;
  while (!tryToTake(path)) {
    if (!waiting) onWait?.();
    waiting = true;
    await sleep(100);
  }
  try {
    return await action();
  } finally {
    rmSync(path, { force: true });
  }
}

// link() is the atomic step: it fails when the lock exists, and the file is whole when it appears.
function tryToTake(path: string): boolean {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, identityOf(process.pid) ?? '');
  try {
    linkSync(mine, path);
    return true;
  } catch {
    removeIfStale(path);
    return false;
  } finally {
    unlinkSync(mine);
  }
}

function removeIfStale(path: string): void {
  try {
    if (isAlive(readFileSync(path, 'utf8'))) return;
    // Renamed first: of two who see the stale lock only one moves it, and a fresh lock is never removed unseen.
    const stale = `${path}.stale.${process.pid}`;
    renameSync(path, stale);
    if (isAlive(readFileSync(stale, 'utf8'))) linkSync(stale, path);
    unlinkSync(stale);
  } catch {
    // Gone meanwhile: the next try finds out.
  }
}
