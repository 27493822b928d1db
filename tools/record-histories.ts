// npm run history:record: runs the tests on the real stack (or the named projects of vitest.config.ts) and saves the
// histories of all their syncs to test/histories, which test/workflows/replay.test.ts replays for ever.
// npm run history:record -- overdue-application=<workflow id> …: saves single ones, from the Temporal at TEMPORAL_ADDRESS.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTemporal } from '../client/temporal.ts';
import { historyText, versionInName } from './histories/history-file.ts';
import { runSuites } from './suites/run-suites.ts';
import { vitest } from './suites/suite.ts';

const root = join(import.meta.dirname, '..');
const wishes = process.argv.slice(2);
const single = wishes.filter((wish) => wish.includes('='));

if (single.length === 0) await recordProjects(wishes.length === 0 ? ['stack'] : wishes);
else if (single.length === wishes.length) await recordSingle(single.map((wish) => wish.split('=')));
else refuse('name projects, or <what-happens>=<workflow id>, not both');

async function recordProjects(projects: readonly string[]): Promise<void> {
  process.env['STILLPOINT_RECORD_HISTORIES'] = '1';
  process.exitCode = await runSuites(projects.map((project) => vitest(project)));
}

async function recordSingle(named: readonly (readonly string[])[]): Promise<void> {
  if (named.some(([name, workflowId]) => !name || !workflowId))
    return refuse('say what to record: npm run history:record -- <what-happens>=<workflow id> …');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const temporal = await connectTemporal();
  for (const [name, workflowId = ''] of named) {
    const history = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
    const file = join('test', 'histories', `sync.${name}.v${versionInName(version)}.json`);
    writeFileSync(join(root, file), historyText(history));
    process.stdout.write(`${file}: ${history.events?.length ?? 0} events\n`);
  }
  await temporal.close();
}

function refuse(what: string): void {
  process.stderr.write(`history:record: ${what}\n`);
  process.exitCode = 1;
}
