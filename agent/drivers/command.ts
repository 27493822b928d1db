// Two shell commands of the owner.
import { spawn } from 'node:child_process';
import type { Driver } from './driver.ts';

export interface Commands {
  readonly quiesce: string;
  readonly unquiesce: string;
}

const TOLD_BYTES = 2_000;

export function commandDriver(commands: Commands): Driver {
  return {
    outlivesAgent: true,
    quiesce: ({ signal }) => run('quiesce', commands.quiesce, signal),
    unquiesce: (signal) => run('unquiesce', commands.unquiesce, signal),
  };
}

/** Fails with the end of what the command said. An abort kills it with all that it has started. */
async function run(name: string, command: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (told = (told + chunk.toString()).slice(-TOLD_BYTES)));
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (exitCode, by) => resolve(exitCode ?? by));
    });
    signal.throwIfAborted();
    if (code !== 0)
      throw new Error(`the ${name} command ended with ${code}: ${told.trim() || 'it said nothing'}`);
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
