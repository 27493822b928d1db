import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CELLS,
  DESTINATION_CELLS,
  DESTINATION_PHASES,
  FAULTS,
  PHASES,
  SOURCE_CELLS,
} from '../../tools/matrix/cells.ts';
import { readOptions } from '../../tools/matrix/options.ts';
import { keep, left, openProgress } from '../../tools/matrix/progress.ts';
import { table } from '../../tools/matrix/table.ts';

const passed = { passed: true, seconds: 12.3 };
const failed = { passed: false, seconds: 4 };

describe('the matrix', () => {
  it('has a cell for every fault in every phase', () => {
    expect(SOURCE_CELLS).toHaveLength(FAULTS.length * PHASES.length);
    expect(new Set(CELLS.map(({ name }) => name)).size).toBe(CELLS.length);
  });

  it('kills worker, Temporal and API server in every phase of a destination, too', () => {
    expect(DESTINATION_CELLS).toHaveLength(3 * DESTINATION_PHASES.length);
    expect(CELLS).toHaveLength(SOURCE_CELLS.length + DESTINATION_CELLS.length);
  });

  it('says which cell is unknown, and how cells are called', () => {
    expect(() => readOptions(['--only', 'worker/asleep'])).toThrow(
      'There is no cell worker/asleep; a cell is fault/phase, such as worker/beginning.',
    );
  });
});

describe('an interrupted matrix', () => {
  const parts = ['a', 'b', 'c'];
  const file = () => join(mkdtempSync(join(tmpdir(), 'stillpoint-matrix-')), 'matrix.json');
  const kept = (results: Record<string, { passed: boolean; seconds: number }>) => {
    const path = file();
    keep({ seed: 's1', results }, path);
    return path;
  };

  it('goes on with its seed, and repeats only what has not passed', () => {
    const progress = openProgress({ fresh: false }, parts, kept({ a: passed, b: failed }));
    expect(progress.seed).toBe('s1');
    expect(left(progress, parts)).toEqual(['b', 'c']);
  });

  it.each([
    { as: 'with another seed', options: { seed: 's2', fresh: false }, before: { a: passed } },
    { as: 'when it is told to forget', options: { fresh: true }, before: { a: passed } },
    {
      as: 'when nothing is left of it',
      options: { fresh: false },
      before: { a: passed, b: passed, c: passed },
    },
  ])('begins anew $as', ({ options, before }) => {
    const progress = openProgress(options, parts, kept(before));
    expect(left(progress, parts)).toEqual(parts);
    expect(progress.seed).not.toBe('s1');
  });

  it('begins with a seed of its own where there was none before', () => {
    expect(openProgress({ fresh: false }, parts, file()).seed).toMatch(/^[0-9a-f]{6}$/);
  });
});

it('the table shows each cell, says how a failed one is repeated, and ends with the counts', () => {
  const shown = table({ seed: 's1', results: { 'worker/waiting': passed, 'etcd/closing': failed } });
  expect(shown.split('\n')[1]).toMatch(/^worker +– +12 s +–/);
  expect(shown).toContain(
    'failed: etcd/closing; again: npm run test:matrix -- --seed s1 --only etcd/closing',
  );
  expect(shown.split('\n').at(-1)).toBe('2 cells, 1 failed, seed s1');
});
