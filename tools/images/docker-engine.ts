// A Docker Engine of our own, for as long as images are being built: unpacked packages, its own folders and
// socket, a mount namespace, no bridge and no firewall rules, so that nothing of the machine's own Docker or
// network is touched and nothing stays behind but files in the cache.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder, hashOf } from '../stack/cache.ts';
import { debianPackages } from '../stack/debian-packages.ts';
import { withLock } from '../stack/lock.ts';
import { requireRoot } from '../stack/prerequisites.ts';
import { run, type Say } from '../stack/shell.ts';
import { trixiePackages } from './trixie-packages.ts';

/** Runs one `docker` command against our engine and returns what it printed. */
export type Docker = (...args: readonly string[]) => Promise<string>;

/** Runs the action with an engine that is stopped afterwards. Layers stay, so that the next build is short. */
export async function withDockerEngine<T>(say: Say, action: (docker: Docker) => Promise<T>): Promise<T> {
  requireRoot();
  const home = join(cacheFolder(), 'docker');
  const engine = await trixiePackages(
    { name: 'docker', packages: ['docker.io', 'docker-cli', 'docker-buildx', 'tini'] },
    say,
  );
  const { environment } = await debianPackages(say); // containerd and runc, which must fit this machine's libc
  const onWait = () => say('waiting for another process that is building images');
  return withLock({ path: join(home, 'lock'), onWait }, async () => {
    const docker = dockerCommand(engine, home);
    const PATH = `${join(engine, 'usr/sbin')}:${join(engine, 'usr/bin')}:${environment.PATH}`;
    const daemon = startDaemon(home, { ...process.env, ...environment, PATH });
    try {
      await answering(daemon, docker, join(home, 'log'));
      return await action(docker);
    } finally {
      await stop(daemon);
      await removeCgroups(home);
    }
  });
}

function dockerCommand(engine: string, home: string): Docker {
  const configuration = join(home, 'configuration');
  rmSync(configuration, { recursive: true, force: true });
  mkdirSync(configuration, { recursive: true });
  symlinkSync(join(engine, 'usr/libexec/docker/cli-plugins'), join(configuration, 'cli-plugins'));
  const errors = join(home, 'errors');
  const environment = {
    ...process.env,
    DOCKER_HOST: socketOf(home),
    DOCKER_CONFIG: configuration,
    DOCKER_BUILDKIT: '1',
    ERRORS: errors,
  };
  // The step of a build that fails says why far above the last line, so all lines are kept.
  const keepingErrors = ['-c', 'exec "$0" "$@" 2>"$ERRORS"', join(engine, 'usr/bin/docker')];
  return (...args) =>
    run('sh', [...keepingErrors, ...args], { environment }).catch(() => {
      throw new Error(`docker ${args.join(' ')} failed; ${errors} says why.`);
    });
}

function startDaemon(home: string, environment: NodeJS.ProcessEnv): ChildProcess {
  const folders = [
    '--data-root',
    join(home, 'data'),
    '--exec-root',
    join(home, 'exec'),
    '--pidfile',
    join(home, 'pid'),
  ];
  const network = ['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--bridge=none'];
  const options = [...folders, ...network, '--host', socketOf(home), '--cgroup-parent', `/${cgroupOf(home)}`];
  rmSync(join(home, 'pid'), { force: true }); // Of a killed engine, and perhaps another process's by now. We hold the lock.
  const log = openSync(join(home, 'log'), 'w');
  // Even if we are killed, the engine ends with us, and its mounts with it.
  const daemon = spawn('setpriv', ['--pdeathsig', 'TERM', 'unshare', '--mount', 'dockerd', ...options], {
    env: environment,
    stdio: ['ignore', log, log],
    detached: true, // An interrupt at the terminal ends us, and only then the engine.
  });
  closeSync(log);
  daemon.on('error', () => {});
  return daemon;
}

async function answering(daemon: ChildProcess, docker: Docker, log: string): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt += 1) {
    if (hasEnded(daemon)) break;
    const up = await docker('version').then(
      () => true,
      () => false,
    );
    if (up) return;
    await sleep(250);
  }
  throw new Error(`The Docker Engine that builds the images does not answer; its log is ${log}.`);
}

async function stop(daemon: ChildProcess): Promise<void> {
  if (hasEnded(daemon)) return;
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await ended;
}

// Containers have their cgroups below one of ours: in each hierarchy of cgroup v1, in the only one of v2.
async function removeCgroups(home: string): Promise<void> {
  const hierarchies = readdirSync('/sys/fs/cgroup', { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const parents = ['', ...hierarchies.map(({ name }) => name)].map((name) =>
    join('/sys/fs/cgroup', name, cgroupOf(home)),
  );
  const ours = parents.filter((path) => existsSync(path));
  if (ours.length > 0) await run('find', [...ours, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']);
}

function cgroupOf(home: string): string {
  return `stillpoint-images-${hashOf([home])}`;
}

function hasEnded(daemon: ChildProcess): boolean {
  return daemon.pid === undefined || daemon.exitCode !== null || daemon.signalCode !== null;
}

function socketOf(home: string): string {
  return `unix://${join(home, 'socket')}`;
}
