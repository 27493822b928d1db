// Programs from the packages of the Debian or Ubuntu this machine runs, containerd and what it needs first of all:
// downloaded and unpacked into the cache, never installed, so that the machine's own are left alone.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { requireApt } from './prerequisites.ts';
import { reporting } from './progress.ts';
import { run, type Say } from './shell.ts';

/** What is to be unpacked, and how to see that no library is missing. */
export interface PackageSet {
  /** Names the set in the cache. */
  readonly part: string;
  readonly packages: readonly string[];
  readonly proof: readonly (readonly [string, ...string[]])[];
}

const containers: PackageSet = {
  part: 'debian-packages',
  packages: ['containerd', 'runc', 'containernetworking-plugins', 'nftables', 'iproute2', 'openssl'],
  proof: [
    ['containerd', '--version'],
    ['runc', '--version'],
    ['nft', '--version'],
    ['ip', '-V'],
    ['openssl', 'version'],
  ],
};

// Debian keeps the versions of PostgreSQL apart.
const POSTGRES = 'usr/lib/postgresql/15/bin';
// Every Debian has these, and a second libc beside the machine's own would break both.
const alwaysInstalled = ['libc6', 'libgcc-s1', 'libcrypt1'];

export interface DebianPackages {
  /** PATH and LD_LIBRARY_PATH under which the unpacked programs run. */
  readonly environment: { readonly PATH: string; readonly LD_LIBRARY_PATH: string };
  readonly cniFolder: string;
}

/** The unpacked packages of the stack, fetched on first use. */
export async function debianPackages(say: Say): Promise<DebianPackages> {
  const folder = await unpackedPackages(containers, say);
  return { environment: environmentOf(folder), cniFolder: join(folder, 'usr/lib/cni') };
}

/** The folder into which the packages and their libraries are unpacked, fetched on first use. */
export function unpackedPackages(set: PackageSet, say: Say): Promise<string> {
  const { part, packages } = set;
  return cached({
    part,
    madeFrom: [...packages, release(), process.arch],
    say,
    make: (target) => {
      requireApt();
      const line = (passed: string) =>
        `fetching ${packages.length} Debian packages, usually 15 seconds, ${passed} so far`;
      return reporting({ say, line }, fetchAndUnpack(set, target));
    },
  });
}

function release(): string {
  const text = readFileSync('/etc/os-release', 'utf8');
  return ['ID', 'VERSION_ID'].map((key) => new RegExp(`^${key}=.*$`, 'm').exec(text)?.[0] ?? '').join(' ');
}

async function fetchAndUnpack({ packages: wanted, proof }: PackageSet, target: string): Promise<void> {
  const downloads = join(target, 'downloads');
  for (const each of ['lists/partial', 'archives/partial'])
    mkdirSync(join(downloads, each), { recursive: true });
  // Lists of our own: the machine's may be missing or so old that their packages are gone.
  const options = [
    '-qq',
    `--option=Dir::State::Lists=${downloads}/lists`,
    `--option=Dir::Cache=${downloads}`,
    '--option=APT::Sandbox::User=root',
    '--option=Acquire::Languages=none',
  ];
  await run('apt-get', [...options, 'update']);
  const packages = await withLibraries(options, wanted);
  await run('apt-get', [...options, 'download', ...packages], { folder: downloads });
  for (const each of readdirSync(downloads).filter((file) => file.endsWith('.deb')))
    await run('dpkg', ['-x', join(downloads, each), target]);
  rmSync(downloads, { recursive: true });
  await proveComplete(target, proof);
}

/** A library that is missing shows here, once, and not as a pod that does not start. */
async function proveComplete(folder: string, proof: PackageSet['proof']): Promise<void> {
  const environment = environmentOf(folder);
  for (const [command, ...args] of proof) await run(command, args, { environment });
}

/** Under which the unpacked programs run. */
export function environmentOf(folder: string): DebianPackages['environment'] {
  const programs = ['usr/sbin', 'usr/bin', 'sbin', 'bin', POSTGRES].map((each) => join(folder, each));
  return {
    PATH: [...programs, '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'].join(':'),
    LD_LIBRARY_PATH: libraryFolders(folder).join(':'),
  };
}

async function withLibraries(options: readonly string[], wanted: readonly string[]): Promise<string[]> {
  const found = new Set(wanted);
  let unexplored = [...wanted];
  while (unexplored.length > 0) {
    const answer = await run('apt-cache', [...options, 'depends', '--important', ...unexplored]);
    unexplored = librariesIn(answer).filter((library) => !found.has(library));
    for (const library of unexplored) found.add(library);
  }
  return [...found];
}

/** The libraries that `apt-cache depends` names, without those that every machine has. */
export function librariesIn(answer: string): string[] {
  const names = [...answer.matchAll(/^ [ |](?:Pre)?Depends: (lib[^\s:]+)/gm)].map(([, name]) => name ?? '');
  return [...new Set(names)].filter((name) => !alwaysInstalled.includes(name));
}

function libraryFolders(folder: string): string[] {
  return ['usr/lib', 'lib'].flatMap((parent) => {
    try {
      const found = readdirSync(join(folder, parent)).filter((name) => name.endsWith('-linux-gnu'));
      return found.map((name) => join(folder, parent, name));
    } catch {
      return []; // Where /lib is a link to /usr/lib, packages no longer bring one of their own.
    }
  });
}
