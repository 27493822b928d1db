// Runs suites one after the other and ends with a table of their times and the line that CI reads.
import type { Counted, Suite } from './suite.ts';

interface Ran extends Counted {
  readonly name: string;
  readonly seconds: number;
}

/** Returns the exit code: 0 when something ran and nothing failed. */
export async function runSuites(suites: readonly Suite[]): Promise<number> {
  const ran: Ran[] = [];
  for (const suite of suites) {
    process.stdout.write(`\n── ${suite.name}\n`);
    const start = performance.now();
    const counted = await suite.run();
    ran.push({ name: suite.name, seconds: (performance.now() - start) / 1000, ...counted });
  }
  const passed = ran.reduce((sum, suite) => sum + suite.passed, 0);
  const failed = ran.reduce((sum, suite) => sum + suite.failed, 0);
  const remarks = ran.flatMap((suite) => suite.remarks ?? []);
  const lines = [...ran.map(line), '', ...remarks, ...(remarks.length > 0 ? [''] : [])];
  process.stdout.write(`\n${lines.join('\n')}\n${passed} passed, ${failed} failed\n`);
  return passed > 0 && failed === 0 ? 0 : 1;
}

function line({ name, seconds, passed, failed }: Ran): string {
  return `${name.padEnd(24)} ${seconds.toFixed(1).padStart(8)} s   ${passed} passed, ${failed} failed`;
}
