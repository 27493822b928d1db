// Packages of Debian trixie, whatever this machine runs: downloaded and unpacked into the cache, never
// installed. The images are made of trixie, and so are the tools that make and check them.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../stack/cache.ts';
import { requireApt } from '../stack/prerequisites.ts';
import { reporting } from '../stack/progress.ts';
import { run, type Say } from '../stack/shell.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface PackageSet {
  /** Names the set in the cache and on the terminal. */
  readonly name: string;
  readonly packages: readonly string[];
}

/** The folder into which the packages, without what they depend on, are unpacked. Fetched on first use. */
export function trixiePackages({ name, packages }: PackageSet, say: Say): Promise<string> {
  return cached({
    part: `trixie-${name}`,
    madeFrom: [...packages, process.arch],
    say,
    make: (folder) => {
      requireApt();
      const line = (passed: string) =>
        `fetching ${packages.join(', ')} from Debian, usually 10 seconds, ${passed} so far`;
      return reporting({ say, line }, fetchAndUnpack(packages, folder));
    },
  });
}

/** An apt source for trixie from the mirror that this machine uses already. */
export async function trixieSource(): Promise<string> {
  const mirror = process.env['STILLPOINT_DEBIAN_MIRROR'] ?? (await mirrorOfThisMachine());
  if (mirror === undefined || !existsSync(keyring))
    throw new Error(
      'The images need packages of Debian: on another system install debian-archive-keyring and set STILLPOINT_DEBIAN_MIRROR to the address of a Debian mirror.',
    );
  return `Types: deb\nURIs: ${mirror}\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: ${keyring}\n`;
}

async function mirrorOfThisMachine(): Promise<string | undefined> {
  const release = readFileSync('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1];
  if (!/^ID=debian$/m.test(release) || codename === undefined) return undefined;
  const targets = await run('apt-get', ['indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)']);
  return new RegExp(`^(?:${codename}|stable|testing) main (.+)$`, 'm').exec(targets)?.[1];
}

async function fetchAndUnpack(packages: readonly string[], folder: string): Promise<void> {
  const apt = join(folder, 'apt');
  for (const each of ['lists/partial', 'cache/archives/partial', 'sources'])
    mkdirSync(join(apt, each), { recursive: true });
  writeFileSync(join(apt, 'sources', 'trixie.sources'), await trixieSource());
  const settings = {
    'Dir::State::Lists': `${apt}/lists`,
    'Dir::Cache': `${apt}/cache`,
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': `${apt}/sources`,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  const options = ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  await run('apt-get', [...options, 'update']);
  await run('apt-get', [...options, 'download', ...packages.map((name) => `${name}/trixie`)], {
    folder: apt,
  });
  for (const each of readdirSync(apt).filter((file) => file.endsWith('.deb')))
    await run('dpkg', ['-x', join(apt, each), folder]);
  rmSync(apt, { recursive: true });
}
