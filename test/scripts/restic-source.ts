// A source as the restic mover's entry script sees it: a volume, a repository, a cache and an environment.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { placeMover } from './mover-place.ts';

// Root reads every file; what the script says about unreadable ones is seen only by somebody else.
export const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
let scratch = '';

export async function prepareMover(): Promise<void> {
  scratch = await placeMover('mover-restic');
}

export function removeMover(): void {
  rmSync(scratch, { recursive: true, force: true });
}

export type Environment = Record<string, string>;

/** A volume, a repository and a cache of one source. */
export class Source {
  readonly #home = mkdtempSync(join(scratch, 'source-'));

  constructor(files: Record<string, string> = { 'orders.csv': 'one order' }) {
    for (const folder of ['', 'data', 'cache', 'tmp']) this.#give(folder);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  path(name: string): string {
    return join(this.#home, name);
  }

  write(name: string, text: string): void {
    const path = this.path(join('data', name));
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    if (nobody.uid !== undefined) chownSync(path, nobody.uid, nobody.gid);
  }

  /** Where a program of the image is, for a stand-in that goes on with it. */
  program(name: string): string {
    return join(scratch, 'bin', name);
  }

  /** Puts a shell script in the place of a program, for who runs in the environment `withStandIns`. */
  standIn(program: string, script: string): void {
    mkdirSync(this.path('tools'), { recursive: true });
    writeFileSync(this.path(join('tools', program)), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  withStandIns(): Environment {
    return { PATH: `${this.path('tools')}:${this.environment()['PATH']}` };
  }

  /** Puts the volume aside under a name, and an empty one in its place. */
  putAside(name: string): void {
    renameSync(this.path('data'), this.path(name));
    this.#give('data');
  }

  /** Starts a program in the environment that the Job gives the script. */
  start(program: string, args: readonly string[], environment: Environment = {}): Run {
    const env = { ...this.environment(), ...environment };
    return new Run(spawn(program, args, { env, cwd: this.#home, detached: true, ...nobody }));
  }

  mover(args: readonly string[], environment: Environment = {}): Promise<Outcome> {
    return this.startMover(args, environment).outcome;
  }

  startMover(args: readonly string[], environment: Environment = {}): Run {
    return this.start(join(scratch, 'mover-restic/entry.sh'), args, environment);
  }

  restic(...args: readonly string[]): Promise<Outcome> {
    return this.start('restic', ['--no-lock', ...args]).outcome;
  }

  async snapshots(): Promise<readonly { hostname: string; paths: string[]; id: string; tags?: string[] }[]> {
    return JSON.parse((await this.restic('snapshots', '--json')).output);
  }

  /** Whole locks only: restic writes each under another name first. */
  locks(): readonly string[] {
    const folder = this.path('repository/locks');
    return existsSync(folder) ? readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
  }

  environment(): Environment {
    return {
      PATH: `${join(scratch, 'bin')}:${process.env['PATH']}`,
      TMPDIR: this.path('tmp'),
      PRIVILEGED_MOVER: '0',
      DATA_DIR: this.path('data'),
      RESTIC_CACHE_DIR: this.path('cache'),
      RESTIC_REPOSITORY: this.path('repository'),
      RESTIC_PASSWORD: 'correct horse',
      FORGET_OPTIONS: ' --keep-last 1',
    };
  }

  #give(folder: string): void {
    mkdirSync(this.path(folder), { recursive: true });
    if (nobody.uid !== undefined) chownSync(this.path(folder), nobody.uid, nobody.gid);
  }
}

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export class Run {
  readonly outcome: Promise<Outcome>;
  #output = '';
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    let errors = '';
    child.stdout?.on('data', (text: Buffer) => (this.#output += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
    this.outcome = new Promise((resolve) =>
      child.on('close', (code) => resolve({ code, output: this.#output, errors })),
    );
  }

  async printed(text: string): Promise<void> {
    await until(() => this.#output.includes(text));
  }

  /** As tini does for a container: to the whole process group. */
  signal(name: NodeJS.Signals): void {
    process.kill(-(this.#child.pid ?? 0), name);
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** Lines of restic's JSON in the output, by their type. */
export function jsonLines(output: string, type: string): Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line)).filter((line) => line.message_type === type);
}

/** A lock that nobody holds any more: its restic was killed. */
export async function leaveLock(source: Source, command: readonly string[]): Promise<void> {
  const restic = source.start('restic', command);
  await until(() => source.locks().length > 0);
  restic.signal('SIGKILL');
  await restic.outcome;
  expect(source.locks()).toHaveLength(1);
}
