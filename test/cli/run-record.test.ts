// One sync told from Temporal's history, for every recorded history there is.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import { createInk } from '../../client/cli/print/ink.ts';
import { readRun } from '../../client/cli/run-record.ts';
import type { RunRecord } from '../../client/cli/run-record.ts';
import { historyTable, shortRun } from '../../client/cli/history-table.ts';
import { renderTable } from '../../client/cli/print/table.ts';
import { storyText } from '../../client/cli/story.ts';

const folder = join(import.meta.dirname, '../histories');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

const read = new Map<string, RunRecord>();

function recorded(file: string): RunRecord {
  const known = read.get(file) ?? readFile(file);
  read.set(file, known);
  return known;
}

function readFile(file: string): RunRecord {
  return readRun(historyFromJSON(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
}

function story(file: string): string {
  return storyText({ name: 'shop/orders', run: 'r' }, recorded(file), createInk(false));
}

/** The lines of the story without their times. */
function told(file: string): readonly string[] {
  return recorded(file).lines.map(({ text }) => text);
}

describe('the story of a sync', () => {
  it('tells every recorded history in order, from its start to its end', () => {
    const syncs = files.filter((file) => recorded(file).lines.length > 0);
    expect(syncs.length).toBe(files.length);
    for (const file of syncs) {
      const { lines, startedAt, endedAt } = recorded(file);
      expect(
        lines.some(({ text }) => text.startsWith('The sync ')),
        file,
      ).toBe(true);
      const times = lines.map(({ at }) => at);
      expect(times, file).toEqual(times.toSorted((one, other) => one - other));
      if (endedAt !== undefined) expect(endedAt, file).toBeGreaterThanOrEqual(startedAt);
      expect(lines.map(({ text }) => text).join('\n'), file).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it('tells of trigger, cut, release and mover, with the freeze and the amounts', () => {
    expect(told('sync.overdue-trigger.v0.1.json')).toEqual([
      'The sync starts: test-3b56a1c4/test-rs: data-pvc → restic',
      'The application is asked: WaitingForTrigger stands on PersistentVolumeClaim data-pvc',
      'The application stands still (trigger late)',
      'The trigger is overdue; the sync says so, and keeps waiting',
      'The PersistentVolumeClaim has changed: the sync looks at it again',
      'The storage has cut the image volsync-test-rs-src-e4ca6ff0',
      'The application is released; it was frozen for 3.4s',
      'The mover (restic) gets to work',
      'The mover has done its work: 4 B in 1 file read, 360 B new to the repository, snapshot d1395542',
      'Status and events are written; nothing temporary is left',
      'The sync has ended well, after 32s',
    ]);
  });

  it('names the person who proceeds, and the reason', () => {
    expect(told('sync.proceed.v0.1.json')).toContain('ada proceeds without a trigger: the agent is broken');
    expect(told('sync.proceed.v0.1.json').join('\n')).not.toContain('The application stands still');
  });

  it('says that a sync was cancelled, and that one was terminated, by whom and why', () => {
    expect(recorded('sync.cancelled.v0.1.json').result).toBe('Cancelled');
    expect(story('sync.cancelled.v0.1.json')).toMatch(/Somebody \(.+\) cancels the sync/);
    const terminated = recorded('sync.terminated-while-moving.v0.1.json');
    expect(terminated).toMatchObject({ result: 'Terminated', cause: { reason: 'SyncEnded' } });
    expect(terminated.lines.at(-1)?.text).toContain('a test');
  });

  it('tells a refusal once, with its sentence', () => {
    const file = files.find((name) => name.startsWith('validation.a-pvc-that-does-not-exist')) ?? '';
    const { result, cause, lines } = recorded(file);
    expect(result).toBe('Refused');
    expect(cause?.reason).toBe('PvcMissing');
    const sentences = lines.filter(({ text }) => text.includes('does not exist or is being deleted'));
    expect(sentences).toHaveLength(1);
  });

  it('tells of attempts that failed and why, as when the API server was silent', () => {
    const file = files.find((name) => name.startsWith('network.the-api-server') && told(name).some(isRetry));
    expect(file).toBeDefined();
    expect(told(file ?? '').find(isRetry)).toMatch(/^Attempt \d+: freezing, cutting, releasing, because of /);
  });

  it('shows the table of runs aligned, with trigger, freeze, bytes and result', () => {
    const run = 'source/shop/orders-2026-11-22T15:07:16Z';
    expect(shortRun(run)).toBe('2026-11-22T15:07:16Z');
    const record = recorded('sync.copy-trigger.v0.1.json');
    const runs = [
      { run, record },
      { run, record: recorded('sync.cancelled.v0.1.json') },
    ];
    const table = historyTable(runs, { now: record.startedAt + 3_600_000, wide: false });
    const [head = '', first = '', second = ''] = renderTable(table, createInk(false)).split('\n');
    expect(head).toMatch(/^RUN +AGE +RESULT +TRIGGER +FREEZE +READ +NEW +DURATION$/);
    expect(first).toMatch(/^2026-11-22T15:07:16Z +60m +Successful +\S+ +[\d.]+m?s +\d+ B +\d+ B +[\d.]+s$/);
    expect(second.indexOf('Cancelled')).toBe(head.indexOf('RESULT'));
  });
});

function isRetry(text: string): boolean {
  return text.startsWith('Attempt ');
}
