// Images go into containerd from archives: there is no registry.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../images.ts';
import { writeWhenChanged } from './files.ts';
import type { Layout } from './layout.ts';
import { run } from './shell.ts';
import type { Toolchain } from './toolchain.ts';

/** Imports the archives that are new or have changed since the last import. */
export async function importImages(
  layout: Layout,
  tools: Toolchain,
  wanted: readonly Image[],
): Promise<void> {
  const record = join(layout.state, 'images.json');
  const imported = existsSync(record)
    ? (JSON.parse(readFileSync(record, 'utf8')) as Record<string, string>)
    : {};
  const present = new Set((await ctr(layout, tools, ['images', 'list', '--quiet'])).split('\n'));
  for (const { name, archive } of wanted) {
    const { size, mtimeMs } = statSync(archive);
    const version = `${archive} ${size} ${mtimeMs}`;
    if (present.has(name) && imported[name] === version) continue;
    await ctr(layout, tools, ['images', 'import', archive]);
    imported[name] = version;
    writeWhenChanged(record, JSON.stringify(imported, undefined, 2));
  }
}

function ctr(layout: Layout, { environment }: Toolchain, args: readonly string[]): Promise<string> {
  return run('ctr', ['--address', layout.containerdSocket, '--namespace', 'k8s.io', ...args], {
    environment,
  });
}
