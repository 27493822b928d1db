// What a run of vitest comes to, for the table at the end of `npm test`: written to the file that
// STILLPOINT_TEST_REPORT names. Beside vitest's own reporter, which tells people the details.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export interface TestReport {
  readonly passed: number;
  /** One line each: file, title, and the first line of what went wrong. */
  readonly failed: readonly string[];
  /** The same for tests that failed first and passed when they were tried again. */
  readonly passedAgain: readonly string[];
}

// vitest constructs the default export.
export default class implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env['STILLPOINT_TEST_REPORT'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(reportOf(modules)));
  }
}

function reportOf(modules: readonly TestModule[]): TestReport {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === 'passed');
  const failed = tests.filter((test) => test.result().state === 'failed');
  return {
    passed: passed.length,
    failed: [...modules.flatMap(brokenModule), ...failed.map(lineOf)],
    passedAgain: passed.filter((test) => test.diagnostic()?.flaky).map(lineOf),
  };
}

// A file that cannot be loaded, or whose hooks around all of its tests fail.
function brokenModule(module: TestModule): readonly string[] {
  const suites = [...module.children.allSuites()];
  const errors = [module, ...suites].flatMap((part) => part.errors());
  return errors.map((error) => `${fileOf(module)}: ${firstLine(error.message)}`);
}

function lineOf(test: TestCase): string {
  const said = firstLine(test.result().errors?.[0]?.message ?? '');
  return `${fileOf(test.module)} > ${test.fullName}: ${said}`;
}

function fileOf(module: TestModule): string {
  return relative(process.cwd(), module.moduleId);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
