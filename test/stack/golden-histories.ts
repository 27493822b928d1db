// Saves the histories of a test's syncs for test/workflows/replay.test.ts, when `npm run history:record` asks for it.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { crc32 } from '../../domain/names.ts';
import { historyText, versionInName } from '../../tools/histories/history-file.ts';
import type { History } from '../../tools/histories/history-file.ts';

const root = join(import.meta.dirname, '..', '..');
const LONGEST_SLUG = 60;

export const recordsHistories = process.env['STILLPOINT_RECORD_HISTORIES'] === '1';

/** What a file is named after: the test, and what it is of where a title alone would not say. */
export interface TestName {
  readonly file: string;
  readonly suite: string;
  readonly title: string;
}

/** One file for each history, in the order in which the syncs began. */
export function saveHistories(test: TestName, histories: readonly History[]): void {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  histories.forEach((history, index) => {
    const number = histories.length > 1 ? `.${index + 1}` : '';
    const file = `${goldenName(test)}${number}.v${versionInName(version)}.json`;
    writeFileSync(join(root, 'test', 'histories', file), historyText(history));
  });
}

/** `window-endings.in-mid-wait-is-asked-no-longer`; the same for a test at every time, and another for every test. */
export function goldenName({ file, suite, title }: TestName): string {
  const slug = slugOf(title);
  const short = slug.length <= LONGEST_SLUG ? slug : slug.slice(0, LONGEST_SLUG).replace(/-[^-]*$/, '');
  return `${basename(file, '.test.ts')}.${short}.${crc32(`${suite}/${title}`).slice(0, 4)}`;
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[’']/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
