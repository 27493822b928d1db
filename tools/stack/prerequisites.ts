// What must be on the machine already. Each lack is one sentence that says what to do.
import { spawnSync } from 'node:child_process';

const otherwise = 'or use a cluster and a Temporal of your own: npm run demo -- --context … --temporal …';
const oldestGo = '1.26';

/** Running a stack takes Linux and root: network namespaces, mounts and cgroups. */
export function requireRoot(): void {
  if (process.platform !== 'linux') throw new Error(`The local stack runs on Linux only; ${otherwise}`);
  if (process.getuid?.() !== 0) throw new Error(`The local stack needs root: run it with sudo, ${otherwise}`);
}

/** Building the binaries takes Go; asked for only when the cache lacks them. */
export function requireGo(): void {
  const asked = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const version = parseGoVersion(asked.stdout ?? '');
  if (version === undefined)
    throw new Error(`Go is missing: install Go ${oldestGo} or later (https://go.dev/dl), ${otherwise}`);
  if (isOlder(version, oldestGo))
    throw new Error(
      `Go ${version} is too old: install Go ${oldestGo} or later (https://go.dev/dl), ${otherwise}`,
    );
}

/** Fetching Debian packages takes apt; asked for only when the cache lacks them. */
export function requireApt(): void {
  const found = spawnSync('apt-get', ['--version']).status === 0;
  if (!found) throw new Error(`apt-get is missing: use Debian or Ubuntu, ${otherwise}`);
}

/** `go1.26.8` is 1.26 */
export function parseGoVersion(text: string): string | undefined {
  return /^go(\d+\.\d+)/.exec(text.trim())?.[1];
}

/** Compares part by part, as 1.9 is older than 1.26. */
export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}
