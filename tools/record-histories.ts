// npm run history:record -- overdue-application=<workflow id> …: saves histories of real syncs from the Temporal
// at TEMPORAL_ADDRESS as test/histories/sync.<name>.v<version>.json, which test/workflows/replay.test.ts replays for ever.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { connectTemporal } from '../client/temporal.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const wishes = process.argv.slice(2).map((wish) => wish.split('='));
if (wishes.length === 0 || wishes.some(([name, workflowId]) => !name || !workflowId)) {
  process.stderr.write(
    'history:record: say what to record: npm run history:record -- <what-happens>=<workflow id> …\n',
  );
  process.exit(1);
}

const temporal = await connectTemporal();
for (const [name, workflowId = ''] of wishes) {
  const history = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  const file = join('test', 'histories', `sync.${name}.v${version.split('.').slice(0, 2).join('.')}.json`);
  writeFileSync(join(root, file), `${historyToJSON(history)}\n`);
  process.stdout.write(`${file}: ${history.events?.length ?? 0} events\n`);
}
await temporal.close();
