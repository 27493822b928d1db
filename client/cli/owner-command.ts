// A command of the owner's: it speaks on the terminal itself, and is not hit by the Ctrl-C that is meant for us.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export interface OwnerCommand {
  /** Whether it ended with exit code 0. */
  readonly done: Promise<boolean>;
  /** SIGTERM, and SIGKILL a little later. */
  abandon(): void;
}

const KILL_AFTER_MS = 5_000;

/** The words as they are, or one text for the shell. */
export function startCommand(command: readonly string[] | string): OwnerCommand {
  const [program = '', ...words] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const child: ChildProcess = spawn(program, words, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const done = new Promise<boolean>((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`${program}: ${error.message}\n`);
      resolve(false);
    });
    child.on('exit', (code) => resolve(code === 0));
  });
  return {
    done,
    abandon() {
      signal(child, 'SIGTERM');
      const last = setTimeout(() => signal(child, 'SIGKILL'), KILL_AFTER_MS);
      void done.then(() => clearTimeout(last));
    },
  };
}

// The whole group: what the command has started, too.
function signal({ pid, exitCode }: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined || exitCode !== null) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has just ended.
  }
}
