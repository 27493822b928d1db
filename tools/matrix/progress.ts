// Which cells have passed, kept in a file, so that an interrupted matrix goes on where it stopped.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { MatrixOptions } from './options.ts';

/** The part of the matrix that is no cell: the suite `stack` with a worker that keeps no workflow in memory. */
export const UNCACHED = 'stack tests without cached workflows';

export interface Result {
  readonly passed: boolean;
  readonly seconds: number;
}

export interface Progress {
  readonly seed: string;
  readonly results: Record<string, Result>;
}

const FILE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'stillpoint', 'matrix.json');

/** Goes on with the run before, unless another seed or a fresh start is wanted, or nothing is left of it. */
export function openProgress(
  { seed, fresh }: MatrixOptions,
  parts: readonly string[],
  file = FILE,
): Progress {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Progress) : undefined;
  const done = before !== undefined && left(before, parts).length === 0;
  const goesOn = before !== undefined && !fresh && (seed === undefined ? !done : seed === before.seed);
  return goesOn ? before : { seed: seed ?? randomBytes(3).toString('hex'), results: {} };
}

/** What has not passed yet. */
export function left({ results }: Progress, parts: readonly string[]): readonly string[] {
  return parts.filter((part) => results[part]?.passed !== true);
}

export function keep(progress: Progress, file = FILE): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(progress, undefined, 2));
}
