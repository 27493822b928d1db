// A container without a runtime: the image's root, read-only, with the contract's mounts, its own processes and exactly
// the capabilities that the Job grants. Only the network is the machine's.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../tools/stack/ports.ts';
import { imageRoot, scratchFolder } from './rsync-image.ts';
import { Run, type Environment, type Outcome } from './restic-source.ts';

const nobody = 65534;

/** Who runs the script: root with these capabilities, or an ordinary user with none. */
export type Rights = readonly string[] | 'nobody';

export const privileged: Rights = ['dac_override', 'chown', 'fowner', 'setgid'];
export const sshRights: Rights = 'audit_write chown dac_override fowner setgid setuid sys_chroot'.split(' ');

const enter = `set -e
mount --make-rprivate /
mount --bind "$1" "$2/root"
mount -o remount,bind,ro "$2/root"
for folder in data keys tmp; do mount --bind "$2/$folder" "$2/root/$folder"; done
[ -z "$3" ] || mount -t tmpfs -o "size=$3" none "$2/root/data"
mount --bind "$2/ssh" "$2/root/root/.ssh"
mount -t proc proc "$2/root/proc"
mount -t tmpfs -o mode=755 none "$2/root/dev"
for device in null zero random urandom; do
  touch "$2/root/dev/$device"
  mount --bind "/dev/$device" "$2/root/dev/$device"
done
inside=$2/root
shift 3
exec chroot "$inside" /usr/bin/setpriv "$@"`;

export class Container {
  readonly #home: string;
  readonly #rights: Rights;
  readonly #dataSize: string;

  /** With a size, /data is a file system of its own that is gone with each run. */
  constructor(rights: Rights, keys: Record<string, string>, dataSize = '') {
    this.#home = scratchFolder('container');
    this.#rights = rights;
    this.#dataSize = dataSize;
    for (const folder of ['root', 'data', 'keys', 'tmp', 'ssh']) mkdirSync(this.path(folder));
    chmodSync(this.path('tmp'), 0o1777);
    chmodSync(this.path('ssh'), 0o777);
    for (const [name, text] of Object.entries(keys)) this.#give(join('keys', name), text);
    if (rights === 'nobody') chownSync(this.path('data'), nobody, nobody);
  }

  path(name: string): string {
    return join(this.#home, name);
  }

  get data(): string {
    return this.path('data');
  }

  start(command: readonly string[], environment: Environment = {}): ContainerRun {
    const variables = { PATH: '/usr/sbin:/usr/bin', HOME: '/root', ...environment };
    const program = [
      '/usr/bin/env',
      '-i',
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ];
    const inside = [...this.#identity(), '--no-new-privs', ...program, ...command];
    // A test that fails must not leave a mover behind: it ends with the process that runs the tests.
    const bound = ['--pdeathsig', 'KILL', 'unshare'];
    const args = [...bound, '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', enter, 'sh'];
    const places = [imageRoot(), this.#home, this.#dataSize];
    return new ContainerRun(spawn('setpriv', [...args, ...places, ...inside], { detached: true }));
  }

  /** As the Job starts a script: through a shell that becomes it. */
  script(path: string, environment: Environment): ContainerRun {
    return this.start(['/bin/bash', '-c', path], environment);
  }

  /** Runs a line of shell with the same rights and mounts. */
  shell(line: string, environment: Environment = {}): Promise<Outcome> {
    return this.start(['/bin/bash', '-c', line], environment).outcome;
  }

  #identity(): readonly string[] {
    const none = ['--inh-caps', '-all', '--bounding-set'];
    if (this.#rights === 'nobody')
      return ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups', ...none, '-all'];
    return [...none, ['-all', ...this.#rights.map((right) => `+${right}`)].join(',')];
  }

  #give(name: string, text: string): void {
    writeFileSync(this.path(name), text, { mode: 0o600 });
    if (this.#rights === 'nobody') chownSync(this.path(name), nobody, nobody);
  }
}

export class ContainerRun extends Run {
  readonly #unshare: ChildProcess;

  constructor(unshare: ChildProcess) {
    super(unshare);
    this.#unshare = unshare;
  }

  /** As Kubernetes stops a container: a SIGTERM for its first process and no other. */
  stop(): void {
    const { pid } = this.#unshare;
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    process.kill(Number(first), 'SIGTERM');
  }
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
