// A suite is something that runs and counts: how many passed, how many failed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestReport } from './reporter.ts';

export interface Counted {
  readonly passed: number;
  readonly failed: number;
  /** To be read again at the very end: what failed, and what passed only when it was tried again. */
  readonly remarks?: readonly string[];
}

export interface Suite {
  readonly name: string;
  run(): Promise<Counted>;
}

const root = join(import.meta.dirname, '..', '..');
const packages = join(root, 'node_modules', '.bin');

/** A command of our packages counts as one. */
export function command(name: string, [program = '', ...args]: readonly string[]): Suite {
  return { name, run: async () => counted((await execute(program, args)) === 0) };
}

/** Something to be done; it fails by throwing. */
export function steps(name: string, work: (say: (line: string) => void) => Promise<void>): Suite {
  return {
    name,
    async run() {
      try {
        await work((line) => process.stdout.write(`${line}\n`));
        return counted(true);
      } catch (error) {
        process.stdout.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
        return counted(false);
      }
    },
  };
}

/** One project of vitest.config.ts; counts its tests. A project that cannot start, or runs no test, has failed. */
export function vitest(project: string): Suite {
  return {
    name: `${project} tests`,
    async run() {
      const folder = mkdtempSync(join(tmpdir(), 'stillpoint-'));
      const file = join(folder, 'report.json');
      const reporters = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'reporter.ts')}`];
      const run = ['run', '--project', project, ...reporters];
      const code = await execute('vitest', run, { STILLPOINT_TEST_REPORT: file });
      const report = readReport(file);
      rmSync(folder, { recursive: true, force: true });
      const { passed, failed } = report;
      return {
        passed,
        failed: failed.length === 0 && (code !== 0 || passed === 0) ? 1 : failed.length,
        remarks: remarksOf(report),
      };
    },
  };
}

function readReport(file: string): TestReport {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  } catch {
    return { passed: 0, failed: ['vitest ended without a report'], passedAgain: [] };
  }
}

function remarksOf({ failed, passedAgain }: TestReport): readonly string[] {
  return [
    ...failed.map((line) => `failed: ${line}`),
    ...passedAgain.map((line) => `passed only when tried again: ${line}`),
  ];
}

function counted(passed: boolean): Counted {
  return passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs a program of our packages, or any other, with its output on the terminal; resolves with its exit code. */
export function execute(
  program: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<number> {
  const env = { ...process.env, ...more, PATH: `${packages}${delimiter}${process.env['PATH'] ?? ''}` };
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}
