// A volume and remotes as the rclone mover's script sees them.
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeMover } from './mover-place.ts';
import { nobody, Run, type Environment, type Outcome } from './restic-source.ts';

let place = '';

export async function prepareMover(): Promise<void> {
  place = await placeMover('mover-rclone');
}

export function removeMover(): void {
  rmSync(place, { recursive: true, force: true });
}

/** A volume, and beside it the folder that is the remote `store`. */
export class Volume {
  readonly #home = mkdtempSync(join(place, 'volume-'));

  constructor(files: Record<string, string> = { 'orders.csv': 'one order' }) {
    for (const folder of ['', 'data', 'remote', 'tmp']) this.folder(folder);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    this.configure(`[store]\ntype = alias\nremote = ${this.path('remote')}\n`);
  }

  path(name: string): string {
    return join(this.#home, name);
  }

  write(name: string, text: string): void {
    const path = join('data', name);
    const parents = path.split('/').slice(1, -1);
    for (const index of parents.keys()) this.folder(join('data', ...parents.slice(0, index + 1)));
    writeFileSync(this.path(path), text);
    this.#give(this.path(path));
  }

  folder(name: string): void {
    mkdirSync(this.path(name), { recursive: true });
    this.#give(this.path(name));
  }

  /** What rclone.conf in the Secret says. */
  configure(text: string): void {
    writeFileSync(this.path('rclone.conf'), text);
  }

  /** Puts the volume aside under a name, and an empty one in its place. */
  putAside(name: string): void {
    renameSync(this.path('data'), this.path(name));
    this.folder('data');
  }

  mover(direction: string, environment: Environment = {}): Promise<Outcome> {
    return this.startMover(direction, environment).outcome;
  }

  startMover(direction: string, environment: Environment = {}): Run {
    return this.start(join(place, 'mover-rclone/active.sh'), [], { DIRECTION: direction, ...environment });
  }

  /** Starts a program in the environment that the Job gives the script. */
  start(program: string, args: readonly string[], environment: Environment = {}): Run {
    const env = { ...this.environment(), ...environment };
    return new Run(spawn(program, args, { env, cwd: this.#home, detached: true, ...nobody }));
  }

  /** Permissions of everything in a folder, as the mover records them. */
  async permissions(folder: string): Promise<string> {
    const list = 'find . -print0 | LC_ALL=C sort -z | xargs -0 getfacl --physical --numeric --absolute-names';
    const { output } = await this.start('sh', ['-c', `cd ${folder} && ${list}`]).outcome;
    return output;
  }

  environment(): Environment {
    return {
      PATH: `${join(place, 'bin')}:${process.env['PATH']}`,
      TMPDIR: this.path('tmp'),
      PRIVILEGED_MOVER: '0',
      MOUNT_PATH: this.path('data'),
      RCLONE_CONFIG: this.path('rclone.conf'),
      RCLONE_CONFIG_SECTION: 'store',
      RCLONE_DEST_PATH: 'backups/orders',
    };
  }

  #give(path: string): void {
    if (nobody.uid !== undefined) chownSync(path, nobody.uid, nobody.gid);
  }
}
