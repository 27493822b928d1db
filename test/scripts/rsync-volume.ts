// What a volume holds that a copy may get wrong, and how to see that it did not.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';

const names = ['plain', ' with  spaces ', '#hash', 'new\nline', 'ünïcödé-北', '-rf', 'back\\slash', '*?[a]'];
const links = {
  relative: 'plain',
  dangling: 'nowhere/at all',
  absolute: '/etc/passwd',
  escaping: '../../../etc/passwd',
  marked: '/rsyncd-munged/plain',
  '#comment': '/etc/passwd',
  'line\nbreak': 'plain',
};

/** Fills the folder; with an owner, everything belongs to that user. */
export function fillVolume(folder: string, owner?: number): void {
  const deep = join(folder, 'deep', '.hidden', 'deeper');
  mkdirSync(deep, { recursive: true });
  mkdirSync(join(folder, 'empty'), { mode: 0o2750 });
  mkdirSync(join(folder, 'lost+found'));
  writeFileSync(join(folder, 'lost+found', 'piece'), 'of a file');
  for (const place of [folder, deep]) {
    for (const name of names) writeFileSync(join(place, name), `the text of ${name}`);
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(place, name));
    mkdirSync(join(place, '#directory'));
    symlinkSync('/etc/passwd', join(place, '#directory', 'link'));
    writeFileSync(Buffer.concat([Buffer.from(`${place}/`), Buffer.from([0x6e, 0xff])]), 'not UTF-8');
  }
  for (const mode of [0o400, 0o640, 0o755, 0o4711]) {
    writeFileSync(join(deep, `mode-${mode}`), `${mode}`);
    chmodSync(join(deep, `mode-${mode}`), mode);
  }
  linkSync(join(folder, 'plain'), join(deep, 'hard link'));
  truncateSync(join(folder, '#hash'), 64 * 1024 * 1024);
  for (const path of paths(folder)) {
    if (owner !== undefined) giveTo(path, owner);
    lutimesSync(path, 1_600_000_000, 1_600_000_000);
  }
}

// A change of owner takes the bits of setuid and setgid away.
function giveTo(path: Buffer, owner: number): void {
  const found = lstatSync(path);
  lchownSync(path, owner, owner);
  if (!found.isSymbolicLink()) chmodSync(path, found.mode & 0o7777);
}

export interface Entry {
  readonly kind: string;
  readonly mode: string;
  readonly owner: string;
  readonly changed: number;
  readonly links: number;
  readonly content: string;
}

/** A file of this size that takes no space. */
export function writeSparse(path: string, size: number): void {
  writeFileSync(path, '');
  truncateSync(path, size);
}

/** All that the folder holds, without lost+found, by name. */
export function volumeContents(folder: string, owners = true): Record<string, Entry> {
  const contents: Record<string, Entry> = {};
  for (const path of paths(folder)) {
    const name = path.subarray(Buffer.byteLength(folder) + 1).toString('latin1');
    if (name.startsWith('lost+found')) continue;
    const found = lstatSync(path);
    contents[name] = {
      kind: kindOf(found),
      mode: (found.mode & 0o7777).toString(8),
      owner: owners ? `${found.uid}:${found.gid}` : '',
      changed: Math.floor(found.mtimeMs / 1000),
      links: found.isDirectory() ? 0 : found.nlink,
      content: contentOf(path, found),
    };
  }
  return contents;
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'link';
  return found.isDirectory() ? 'directory' : 'file';
}

function contentOf(path: Buffer, found: Stats): string {
  if (found.isSymbolicLink()) return readlinkSync(path);
  if (found.isDirectory()) return '';
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Deepest first, so that a directory's time can be set after what is in it. */
function paths(folder: string | Buffer): Buffer[] {
  return readdirSync(folder, { encoding: 'buffer' }).flatMap((name) => {
    const path = Buffer.concat([Buffer.from(folder), Buffer.from('/'), name]);
    return lstatSync(path).isDirectory() ? [...paths(path), path] : [path];
  });
}
