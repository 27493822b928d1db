import { describe, expect, it } from 'vitest';
import type { Block, Round } from '../../tools/bench/measure.ts';
import { figuresOf } from '../../tools/bench/figures.ts';
import { chosenRows, judge, ROWS, together } from '../../tools/bench/rows.ts';
import type { Figures } from '../../tools/bench/rows.ts';
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
  it('shows the median and p90 of all measurements, beside VolSync and the budget', () => {
    const results = { stillpoint: times(100, 200, 300), volsync: times(400) };
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
    const results = { stillpoint: times(230), volsync: {} };
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

  it('leaves out what was not measured', () => {
    expect(lines(resultTable({ stillpoint: {}, volsync: times(400) }, rows()))).toHaveLength(1);
  });

  it('has a key of its own for every row', () => {
    const keys = ROWS.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the rows to measure', () => {
  it('are those of the wanted groups', () => {
    const chosen = chosenRows({ groups: ['slow', 'crowd'] }).map(({ key }) => key);
    expect(chosen).toEqual(['slow-ready-completed', 'crowd-waiting', 'crowd-completed']);
  });

  it('may be one alone', () => {
    const [row, ...others] = chosenRows({ only: 'slow-ready-completed', groups: ['sync'] });
    expect(row?.group).toBe('slow');
    expect(others).toEqual([]);
  });

  it('may be one group alone', () => {
    const chosen = chosenRows({ only: 'crowd', groups: ['crowd'] }).map(({ key }) => key);
    expect(chosen).toEqual(['crowd-waiting', 'crowd-completed']);
  });
});

describe('the figures of a block of syncs', () => {
  it('are the times between the moments of each round', () => {
    expect(figuresOf(block([100, 200]), 'sync')['trigger-completed']).toEqual([100, 200]);
  });

  it('leave out a round that never reached the moment', () => {
    const unfinished: Block = { ...block([]), rounds: [{ moments: { triggered: 1 } }] };
    expect(figuresOf(unfinished, 'sync')['trigger-completed']).toEqual([]);
  });

  it('count requests per sync', () => {
    const busy: Block = { ...block([1, 1]), requests: new Map([['get secrets', 3]]) };
    expect(figuresOf(busy, 'sync')['requests']).toEqual([1.5]);
  });

  it('take nothing from another storage', () => {
    expect(Object.keys(figuresOf(block([8000]), 'slow'))).toEqual(['slow-ready-completed']);
  });

  it('of several blocks come together row by row', () => {
    expect(together([times(1, 2), { events: [36] }, times(3)])).toEqual({
      'trigger-completed': [1, 2, 3],
      events: [36],
    });
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

function times(...milliseconds: readonly number[]): Figures {
  return { 'trigger-completed': milliseconds };
}

function block(milliseconds: readonly number[]): Block {
  const rounds = milliseconds.map((time): Round => ({ moments: { triggered: 5, completed: 5 + time } }));
  return { rounds, requests: new Map(), memory: [] };
}

function lines(table: string): string[][] {
  return table.split('\n').map((line) => line.split(/ {2,}/));
}
