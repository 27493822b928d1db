import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Leaves an equal file untouched: kube-proxy exits when its configuration is so much as rewritten. */
export function writeWhenChanged(file: string, text: string, { mode = 0o644 } = {}): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}
