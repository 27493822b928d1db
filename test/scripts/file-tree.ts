// A folder as a plain object, to compare what a mover brought back with what it had carried away.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** For each path under the folder its permissions and, by its kind, its text or the target of its link. */
export function fileTree(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(paths.map((path) => [path, describe(join(folder, path))]));
}

function describe(path: string): string {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  const mode = (found.mode & 0o7777).toString(8);
  return found.isDirectory() ? `${mode} folder` : `${mode} ${beginning(path)}`;
}

function beginning(path: string): string {
  const text = readFileSync(path, 'utf8');
  return text.length > 100 ? `${text.slice(0, 100)}… of ${text.length}` : text;
}
