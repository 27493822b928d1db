// A suite is something that runs and counts: how many passed, how many failed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Counted {
  readonly passed: number;
  readonly failed: number;
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
      const report = join(folder, 'report.json');
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      const code = await execute('vitest', ['run', '--project', project, ...reporters]);
      const { passed, failed } = readReport(report);
      rmSync(folder, { recursive: true, force: true });
      return code !== 0 && failed === 0 ? { passed, failed: 1 } : { passed, failed };
    },
  };
}

function readReport(file: string): Counted {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      number
    >;
    const passed = numPassedTests ?? 0;
    const failed = numFailedTests ?? 0;
    return passed + failed === 0 ? { passed, failed: 1 } : { passed, failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function counted(passed: boolean): Counted {
  return passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function execute(program: string, args: readonly string[]): Promise<number> {
  const env = { ...process.env, PATH: `${packages}${delimiter}${process.env['PATH'] ?? ''}` };
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}
