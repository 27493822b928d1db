// The images that ours are built on, made here from packages, so that no container registry is needed.
// They bear the names that Docker would fetch, and stay in the engine until their recipe changes.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOf } from '../stack/cache.ts';
import { reporting } from '../stack/progress.ts';
import { run, type Say } from '../stack/shell.ts';
import type { Docker } from './docker-engine.ts';
import { trixiePackages, trixieSource } from './trixie-packages.ts';

const npmVersion = '11';
const hostAuthorities = '/usr/local/share/ca-certificates';
const nodeContext = join(import.meta.dirname, 'node');

/** What the bases are made from, for the keys of what is built on them. */
export function baseRecipe(): readonly string[] {
  return [readFileSync(import.meta.filename, 'utf8'), process.arch];
}

export function nodeRecipe(): readonly string[] {
  return [
    ...baseRecipe(),
    nodeVersion(),
    ...readdirSync(nodeContext).map((file) => readFileSync(join(nodeContext, file), 'utf8')),
  ];
}

/** `debian:trixie-slim` */
export async function ensureDebianBase(docker: Docker, say: Say): Promise<void> {
  await ensureBase({ docker, name: 'debian:trixie-slim', recipe: baseRecipe() }, () => {
    const line = (passed: string) =>
      `making the base image debian:trixie-slim, usually 40 seconds, ${passed} so far`;
    return reporting(
      { say, line },
      inScratchFolder((folder) => makeDebianBase(docker, folder, say)),
    );
  });
}

/** `node:24-slim`. Where the machine's https goes through an authority of its own, so does this image's npm: for tests only. */
export async function ensureNodeBase(docker: Docker, say: Say): Promise<void> {
  await ensureDebianBase(docker, say);
  await ensureBase({ docker, name: 'node:24-slim', recipe: nodeRecipe() }, () => {
    const line = (passed: string) =>
      `making the base image node:24-slim, usually 20 seconds, ${passed} so far`;
    return reporting(
      { say, line },
      inScratchFolder((folder) => makeNodeBase(docker, folder)),
    );
  });
}

interface Base {
  readonly docker: Docker;
  readonly name: string;
  readonly recipe: readonly string[];
}

async function ensureBase({ docker, name, recipe }: Base, make: () => Promise<void>): Promise<void> {
  const marker = `stillpoint-base/${name}-${hashOf(recipe)}`;
  const present = await docker('images', '--quiet', marker);
  if (present.trim() !== '') return;
  await make();
  await docker('tag', name, marker); // Last: an interrupted base is made again.
}

async function makeDebianBase(docker: Docker, folder: string, say: Say): Promise<void> {
  const tools = await trixiePackages({ name: 'mmdebstrap', packages: ['mmdebstrap'] }, say);
  const source = join(folder, 'trixie.sources');
  writeFileSync(source, await trixieSource());
  const slim = [
    `printf 'path-exclude=/usr/share/%s/*\\n' man locale doc > "$1"/etc/dpkg/dpkg.cfg.d/slim`,
    `echo 'path-include=/usr/share/doc/*/copyright' >> "$1"/etc/dpkg/dpkg.cfg.d/slim`,
    `rm -rf "$1"/usr/share/man/* "$1"/usr/share/locale/* "$1"/var/cache/debconf/*-old`,
    `find "$1"/usr/share/doc -type f ! -name copyright -delete`,
  ];
  const options = ['--variant=minbase', '--mode=root', '--aptopt=Acquire::Languages "none"'];
  const hooks = slim.map((command) => `--customize-hook=${command}`);
  const archive = join(folder, 'base.tar');
  await run(join(tools, 'usr/bin/mmdebstrap'), [...options, ...hooks, 'trixie', archive, source]);
  await docker('import', '--change', 'CMD ["bash"]', archive, 'debian:trixie-slim');
}

async function makeNodeBase(docker: Docker, folder: string): Promise<void> {
  cpSync(nodeContext, folder, { recursive: true });
  const local = join(folder, 'local');
  const npm = join(local, 'lib/node_modules/npm');
  for (const each of [npm, join(local, 'etc')]) mkdirSync(each, { recursive: true });
  await unpackNpmPackage(
    { name: `node-linux-${process.arch}@${nodeVersion()}`, members: ['package/bin/node', 'package/LICENSE'] },
    local,
  );
  await unpackNpmPackage({ name: `npm@${npmVersion}`, members: [] }, npm);
  for (const program of [
    'bin/node',
    'lib/node_modules/npm/bin/npm-cli.js',
    'lib/node_modules/npm/bin/npx-cli.js',
  ])
    chmodSync(join(local, program), 0o755);
  writeFileSync(join(local, 'etc/npmrc'), await npmSettings(join(local, 'etc')));
  await docker('build', '--network=host', '--tag', 'node:24-slim', folder);
}

async function unpackNpmPackage(
  wanted: { name: string; members: readonly string[] },
  target: string,
): Promise<void> {
  await inScratchFolder(async (folder) => {
    await run('npm', ['pack', '--silent', wanted.name], { folder });
    const [archive = ''] = readdirSync(folder);
    await run('tar', [
      '-xzf',
      join(folder, archive),
      '-C',
      target,
      '--strip-components=1',
      ...wanted.members,
    ]);
  });
}

async function npmSettings(folder: string): Promise<string> {
  const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
  const settings = [`registry=${registry}`, 'update-notifier=false'];
  if (existsSync(hostAuthorities) && readdirSync(hostAuthorities).length > 0) {
    cpSync('/etc/ssl/certs/ca-certificates.crt', join(folder, 'build-authorities.pem'), {
      dereference: true,
    });
    settings.push('cafile=/usr/local/etc/build-authorities.pem');
  }
  return `${settings.join('\n')}\n`;
}

/** The Node that this project's own processes run on. */
function nodeVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const version = /"node": "(\d+\.\d+\.\d+)"/.exec(text)?.[1];
  if (version === undefined)
    throw new Error('package.json names no exact version of the package node in devDependencies.');
  return version;
}

async function inScratchFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-image-'));
  try {
    await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
