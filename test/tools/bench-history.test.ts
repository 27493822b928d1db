import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import { readHistory } from '../../tools/bench/history.ts';

const file = join(import.meta.dirname, '..', 'histories', 'sync.copy-trigger.v0.1.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as { events: unknown[] };
const history = readHistory(historyFromJSON(recorded));

describe('the history of a sync', () => {
  it('is as long as Temporal says', () => {
    expect(history.events).toBe(recorded.events.length);
  });

  it('has a time for each hop, in the order in which they happened', () => {
    const hops = [
      'workflow started',
      'beginSync scheduled',
      'beginSync started',
      'beginSync completed',
      'signal',
      'woken',
      'takeCopy scheduled',
      'takeCopy started',
      'takeCopy completed',
      'moveCopy started',
      'moveCopy completed',
      'closeSync started',
      'closeSync completed',
    ];
    const times = hops.map((hop) => history.times[hop] ?? Number.NaN);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(times).not.toContain(Number.NaN);
  });
});
