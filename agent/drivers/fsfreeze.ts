// The file system itself: every write waits until it is let go. Works for any application; needs the right to do it
// (CAP_SYS_ADMIN), and a volume that is a file system of its own.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { whyNotFreezable } from '../mounts.ts';
import type { Driver } from './driver.ts';

const run = promisify(execFile);

export function fsfreezeDriver(mounts: readonly string[]): Driver {
  return {
    outlivesAgent: true,
    async quiesce({ signal }) {
      for (const mount of mounts) {
        const why = whyNotFreezable(mount, readFileSync('/proc/self/mountinfo', 'utf8'));
        if (why !== undefined) throw new Error(why);
      }
      for (const mount of mounts) await fsfreeze('--freeze', mount, signal);
    },
    async unquiesce(signal) {
      const failed: unknown[] = [];
      for (const mount of mounts.toReversed())
        await fsfreeze('--unfreeze', mount, signal).catch((error: unknown) => failed.push(error));
      const errors = failed.filter((error) => !isNotFrozen(error));
      if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '));
    },
  };
}

async function fsfreeze(how: '--freeze' | '--unfreeze', mount: string, signal: AbortSignal): Promise<void> {
  await run('fsfreeze', [how, mount], {
    signal,
    killSignal: 'SIGKILL',
    env: { ...process.env, LC_ALL: 'C' },
  });
}

// It may never have been, or not any more: what the kernel says to a second unfreeze.
function isNotFrozen(error: unknown): boolean {
  return error instanceof Error && error.message.includes('unfreeze failed: Invalid argument');
}
