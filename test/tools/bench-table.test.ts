import { describe, expect, it } from 'vitest';
import type { Block, Round } from '../../tools/bench/measure.ts';
import { chosenRows, judge, measured, ROWS } from '../../tools/bench/rows.ts';
import { aligned, requestTable, resultTable } from '../../tools/bench/table.ts';

const [TRIGGER_COMPLETED] = ROWS.filter(({ key }) => key === 'trigger-completed');
const spread = (median: number, p90 = median) => ({ count: 20, median, p90 });

describe('a budget', () => {
  it('that is a number is kept by what is not above it', () => {
    expect(judge({ budget: { atMost: 20 } }, spread(20), undefined)).toBe('within');
    expect(judge({ budget: { atMost: 20 } }, spread(20.1), undefined)).toBe('over');
  });

  it('that is a ratio is measured against VolSync', () => {
    const row = { budget: { ratio: 2.2 } };
    expect(judge(row, spread(74), { median: 34 })).toBe('within');
    expect(judge(row, spread(75), { median: 34 })).toBe('over');
    expect(judge(row, spread(75), undefined)).toBe('no budget');
  });

  it('counts the p90 where it names one', () => {
    const row = { budget: { ratio: 1, p90Ratio: 0.5 } };
    expect(judge(row, spread(13, 26), { median: 13, p90: 52 })).toBe('within');
    expect(judge(row, spread(13, 27), { median: 13, p90: 52 })).toBe('over');
  });
});

describe('the table of results', () => {
  it('shows the median and p90 of all blocks together, beside VolSync and the budget', () => {
    const results = { stillpoint: [block([100, 200]), block([300])], volsync: [block([400])] };
    expect(lines(resultTable(results, rows()))[1]).toEqual([
      'trigger written → Completed, ms',
      '200',
      '280',
      '400',
      '–',
      '0.50 ×',
      '≤ 1 ×',
      'ok',
    ]);
  });

  it('puts recorded numbers of VolSync in brackets where it was not measured', () => {
    const results = { stillpoint: [block([230])], volsync: [] };
    expect(lines(resultTable(results, rows()))[1]).toEqual([
      'trigger written → Completed, ms',
      '230',
      '–',
      '(115)',
      '(146)',
      '2.00 ×',
      '≤ 1 ×',
      'OVER',
    ]);
  });

  it('leaves out a round that never reached the moment', () => {
    const unfinished: Block = { ...block([]), rounds: [{ moments: { triggered: 1 } }] };
    expect(TRIGGER_COMPLETED && measured(TRIGGER_COMPLETED, [unfinished])).toBeUndefined();
  });

  it('has a key of its own for every row', () => {
    const keys = ROWS.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the rows to measure', () => {
  it('are those on fast storage, unless the slow ones are wanted too', () => {
    expect(new Set(chosenRows({ slow: false }).map(({ storage }) => storage))).toEqual(new Set(['dir']));
    expect(chosenRows({ slow: true })).toEqual(ROWS);
  });

  it('may be one alone, slow or not', () => {
    const [row, ...others] = chosenRows({ only: 'slow-ready-completed', slow: false });
    expect(row?.storage).toBe('dir-slow-ready');
    expect(others).toEqual([]);
  });

  it('take no measurement from another storage', () => {
    const slow: Block = { ...block([8000]), storage: 'dir-slow-ready' };
    expect(TRIGGER_COMPLETED && measured(TRIGGER_COMPLETED, [block([100]), slow])?.median).toBe(100);
  });
});

describe('the table of requests', () => {
  it('shows each kind per sync, over all blocks', () => {
    const one: Block = { ...block([1, 1]), requests: new Map([['get secrets', 2]]) };
    const other: Block = { ...block([1, 1]), requests: new Map([['get secrets', 4]]) };
    expect(lines(requestTable([one, other]))[1]).toEqual(['get secrets', '1.50']);
  });
});

describe('columns', () => {
  it('are aligned: words to the left, numbers to the right', () => {
    expect(
      aligned([
        ['what', 'n'],
        ['a', '1000'],
      ]),
    ).toBe('what      n\na      1000');
  });
});

function rows() {
  return TRIGGER_COMPLETED ? [TRIGGER_COMPLETED] : [];
}

function block(milliseconds: readonly number[]): Block {
  const rounds = milliseconds.map((time): Round => ({ moments: { triggered: 5, completed: 5 + time } }));
  return { storage: 'dir', rounds, requests: new Map(), memory: [] };
}

function lines(table: string): string[][] {
  return table.split('\n').map((line) => line.split(/ {2,}/));
}
