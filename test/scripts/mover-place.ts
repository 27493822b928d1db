// A mover's scripts and the programs of its image, where any user can run them: the clone and the cache may be
// closed to others, and a program of trixie may want a younger libc than this machine has.
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { trixiePackages } from '../../tools/images/trixie-packages.ts';

const RCLONE_AND_OTHERS = {
  name: 'rclone',
  packages: ['rclone', 'acl', 'libacl1', 'libc6', 'jq', 'libjq1', 'libonig5'],
};

/** A new folder that holds the named folder of images/mover, and beside it the programs in `bin`. */
export async function placeMover(folder: string): Promise<string> {
  const restic = await trixiePackages({ name: 'restic', packages: ['restic'] }, console.error);
  const others = await trixiePackages(RCLONE_AND_OTHERS, console.error);
  const place = mkdtempSync(join(tmpdir(), `stillpoint-${folder}-`));
  chmodSync(place, 0o755);
  mkdirSync(join(place, 'bin'));
  copyFileSync(join(restic, 'usr/bin/restic'), join(place, 'bin/restic'));
  copyLibraries(join(others, 'usr/lib'), join(place, 'lib'));
  for (const program of ['rclone', 'getfacl', 'setfacl', 'jq'])
    placeWithLibraries(join(others, 'usr/bin', program), place);
  cpSync(join(import.meta.dirname, '../../images/mover', folder), join(place, folder), { recursive: true });
  return place;
}

function copyLibraries(from: string, to: string): void {
  mkdirSync(to);
  const [platform = ''] = readdirSync(from).filter((name) => name.endsWith('-linux-gnu'));
  for (const name of readdirSync(join(from, platform)).filter((file) => file.includes('.so.')))
    copyFileSync(join(from, platform, name), join(to, name));
}

// Started by the loader of its own libc; started alone it would get this machine's.
function placeWithLibraries(program: string, place: string): void {
  const name = basename(program);
  const [loader = ''] = readdirSync(join(place, 'lib')).filter((file) => file.startsWith('ld-linux'));
  copyFileSync(program, join(place, 'lib', name));
  const start = `exec ${join(place, 'lib', loader)} --library-path ${join(place, 'lib')} ${join(place, 'lib', name)} "$@"`;
  writeFileSync(join(place, 'bin', name), `#!/bin/sh\n${start}\n`, { mode: 0o755 });
}
