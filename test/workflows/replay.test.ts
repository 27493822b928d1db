// Every recorded history replays on today's workflows (invariant 12): a running sync survives an upgrade.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { goldenName } from '../stack/golden-histories.ts';
import { historyText, readableText } from '../../tools/histories/history-file.ts';

const folder = join(import.meta.dirname, '..', 'histories');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const COMPLETE = 'sync.copy-trigger.v0.1.json';

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}, 60_000);

describe('recorded histories', () => {
  it('there are some', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it('replay, each of them', async () => {
    const histories = files.map((file) => ({
      workflowId: file,
      history: historyFromJSON(JSON.parse(read(file))),
    }));
    const failed: string[] = [];
    // One worker for all: making one takes longer than a hundred replays.
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
      if (error !== undefined) failed.push(`${workflowId}: ${error.message}`);
    expect(failed).toEqual([]);
  });

  it.each(files)('%s tells nothing of the machine that recorded it', (file) => {
    const text = readableText(read(file));
    expect(text).not.toContain('"stackTrace"');
    expect(text).not.toMatch(/file:\/\/|node_modules|(?<![\w.])\/(home|root|tmp|Users|var\/tmp)\//);
  });

  it('a history that asks for another activity does not replay', async () => {
    const text = read(COMPLETE).replaceAll('"beginSync"', '"beginOtherwise"');
    await expect(replay(text)).rejects.toThrow(/TMPRL1100/);
  });
});

describe('the file of a history', () => {
  it('is one line, without the stack traces of failures', () => {
    const failure = {
      message: 'it failed',
      stackTrace: 'at /somewhere/file.ts',
      cause: { stackTrace: 'at there' },
    };
    const attributes = { activityTaskFailedEventAttributes: { failure } };
    const event = { eventId: '1', eventType: 'EVENT_TYPE_ACTIVITY_TASK_FAILED', ...attributes };
    const text = historyText(historyFromJSON({ events: [event] }));
    expect(text.trimEnd()).not.toContain('\n');
    expect(JSON.parse(text)).toMatchObject({
      events: [{ activityTaskFailedEventAttributes: { failure: { message: 'it failed', cause: {} } } }],
    });
    expect(text).not.toContain('stackTrace');
  });

  it('is named after its test, and after no other one', () => {
    const test = {
      file: 'test/stack/seed.test.ts',
      suite: 'a copy by Clone',
      title: 'Moves what’s there (row 2)',
    };
    expect(goldenName(test)).toMatch(/^seed\.moves-whats-there-row-2\.[0-9a-f]{4}$/);
    expect(goldenName({ ...test, suite: 'a copy by Snapshot' })).not.toBe(goldenName(test));
    expect(goldenName({ ...test, title: test.title.repeat(9) }).length).toBeLessThan(80);
  });

  it('replays like the history itself', async () => {
    await replay(historyText(historyFromJSON(JSON.parse(read(COMPLETE)))));
  });
});

function read(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

async function replay(text: string): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle }, JSON.parse(text));
}
