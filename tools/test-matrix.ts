// npm run test:matrix: every fault in every phase of a sync, at a moment that the seed chooses, and the suite `stack`
// with a worker that keeps no workflow in memory, so that every step is replayed from its history.
//
//   --seed S            the moments of an earlier run
//   --only FAULT/PHASE  one cell
//   --fresh             forget which cells have passed
import { startVitest } from 'vitest/node';
import type { TestCase } from 'vitest/node';
import { CELLS } from './matrix/cells.ts';
import { readOptions } from './matrix/options.ts';
import type { MatrixOptions } from './matrix/options.ts';
import { UNCACHED, keep, left, openProgress } from './matrix/progress.ts';
import type { Progress, Result } from './matrix/progress.ts';
import { table } from './matrix/table.ts';
import { vitest } from './suites/suite.ts';

const PARTS = [UNCACHED, ...CELLS.map(({ name }) => name)];

try {
  process.exit((await runMatrix(readOptions(process.argv.slice(2)))) ? 0 : 1);
} catch (error) {
  process.stderr.write(`test:matrix: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

/** Whether all that ran has passed. */
async function runMatrix(options: MatrixOptions): Promise<boolean> {
  const progress = openProgress(options, PARTS);
  const wanted = options.only === undefined ? left(progress, PARTS) : [options.only];
  process.stdout.write(`seed ${progress.seed}: ${wanted.length} of ${PARTS.length} to run\n`);
  if (wanted.includes(UNCACHED)) note(progress, UNCACHED, await runUncached());
  const cells = wanted.filter((name) => name !== UNCACHED);
  if (cells.length > 0) await runCells(cells, progress);
  process.stdout.write(`\n${table(progress)}\n`);
  return wanted.every((name) => progress.results[name]?.passed);
}

async function runUncached(): Promise<Result> {
  const start = performance.now();
  process.env['STILLPOINT_MAX_CACHED_WORKFLOWS'] = '0';
  const { failed } = await vitest('stack').run();
  delete process.env['STILLPOINT_MAX_CACHED_WORKFLOWS'];
  return { passed: failed === 0, seconds: (performance.now() - start) / 1000 };
}

/** Each cell is noted as soon as it has ended: what comes to an end here may be ended from outside. */
async function runCells(names: readonly string[], noted: Progress): Promise<void> {
  const onTestCaseResult = (test: TestCase) => {
    const passed = test.ok() && test.result().state === 'passed';
    const seconds = (test.diagnostic()?.duration ?? 0) / 1000;
    process.stdout.write(`${passed ? 'passed' : 'FAILED'} ${test.name} (${Math.round(seconds)} s)\n`);
    note(noted, test.name, { passed, seconds });
  };
  process.env['STILLPOINT_MATRIX_SEED'] = noted.seed;
  process.env['STILLPOINT_MATRIX_CELLS'] = names.join(' ');
  const reporters = ['default', { onTestCaseResult }] as const;
  const running = await startVitest('test', [], {
    project: ['stack-matrix'],
    run: true,
    watch: false,
    reporters: [...reporters],
  });
  await running.close();
  for (const name of names) noted.results[name] ??= { passed: false, seconds: 0 }; // Never came to its turn.
}

function note(noted: Progress, name: string, result: Result): void {
  noted.results[name] = result;
  keep(noted);
}
