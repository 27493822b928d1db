// Every recorded history replays on today's workflows (invariant 12): a running sync survives an upgrade.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..', 'histories');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

describe('recorded histories', () => {
  let workflowBundle: WorkflowBundle;
  beforeAll(async () => {
    const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
    workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  });

  it('there are some', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)('%s replays', async (file) => {
    const history: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    await Worker.runReplayHistory({ workflowBundle }, history);
  });

  it('a history that asks for another activity does not replay', async () => {
    const [file = ''] = files;
    const text = readFileSync(join(folder, file), 'utf8').replaceAll('"beginSync"', '"beginOtherwise"');
    await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(text) as unknown)).rejects.toThrow(
      /TMPRL1100/,
    );
  });
});
