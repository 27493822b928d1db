// docs/guarantees.md and the scenarios on the real stack say the same: each promise there is a test, each test is
// a promise there.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titlesIn } from './test-titles.ts';

const root = join(import.meta.dirname, '..');
const FOLDERS = ['stack', 'stack/movers', 'stack-faults'];
// Kept by several files, each for a mover of its own.
const CASES = ['movers/mover-cases'];
// About single objects and about the tools of the tests themselves.
const NO_SCENARIOS = [
  'stack/agent-drivers',
  'stack/chart',
  'stack/crd',
  'stack/csi-sanity',
  'stack/kubernetes',
  'stack/monitoring',
  'stack-faults/kubernetes',
];

describe('the page of guarantees', () => {
  const page = readFileSync(join(root, 'docs', 'guarantees.md'), 'utf8').split('\n');
  const promises = page.filter((line) => /^- `(stack|movers)/.test(line));
  const scenarios = [
    ...FOLDERS.flatMap(scenariosIn),
    ...CASES.flatMap((name) => promisesOf(name, `${name}.ts`)),
  ];

  it('names only tests that there are', () => {
    expect(promises.filter((line) => !scenarios.includes(line))).toEqual([]);
  });

  it('names every test of a scenario', () => {
    expect(scenarios.filter((line) => !promises.includes(line))).toEqual([]);
  });
});

function scenariosIn(folder: string): readonly string[] {
  const files = readdirSync(join(root, 'test', folder)).filter((file) => file.endsWith('.test.ts'));
  return files.flatMap((file) => {
    const name = `${folder}/${basename(file, '.test.ts')}`;
    return NO_SCENARIOS.includes(name) ? [] : promisesOf(name, join(folder, file));
  });
}

function promisesOf(name: string, file: string): readonly string[] {
  const source = readFileSync(join(root, 'test', file), 'utf8');
  return titlesIn(source).map((title) => `- \`${name}\`: ${title}`);
}
