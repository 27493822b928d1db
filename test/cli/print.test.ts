import { describe, expect, it } from 'vitest';
import { age, brief, bytes, clock } from '../../client/cli/print/amounts.ts';
import { createInk, wantsColours } from '../../client/cli/print/ink.ts';
import { renderTable } from '../../client/cli/print/table.ts';
import { readFormat } from '../../client/cli/print/out.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

describe('an age', () => {
  it.each([
    [0, '0s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [5 * MINUTE + 12 * SECOND, '5m12s'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [7 * HOUR + 5 * MINUTE, '7h5m'],
    [47 * HOUR, '47h'],
    [2 * DAY, '2d'],
    [2 * DAY + 4 * HOUR, '2d4h'],
    [30 * DAY, '30d'],
    [800 * DAY, '2y70d'],
    [3_000 * DAY, '8y'],
    [-5, '0s'],
  ])('of %d ms is %s, as kubectl says it', (milliseconds, text) => {
    expect(age(milliseconds)).toBe(text);
  });
});

describe('amounts', () => {
  it('are as short as people say them', () => {
    expect([0, 245, 1_250, 59_999, 123_000].map(brief)).toEqual(['0ms', '245ms', '1.3s', '59s', '2m3s']);
    expect([4, 1_023, 1_024, 5 * 1024 ** 3, 200 * 1024 ** 2].map(bytes)).toEqual([
      '4 B',
      '1023 B',
      '1.0 KiB',
      '5.0 GiB',
      '200 MiB',
    ]);
  });

  it('name the day only where it is another one', () => {
    const time = Date.parse('2026-07-02T10:11:12Z');
    expect(clock(time, time - HOUR)).toBe('10:11:12');
    expect(clock(time, time - DAY)).toBe('2026-07-02 10:11:12');
  });
});

describe('a table', () => {
  const table = {
    heads: ['NAME', 'PHASE', 'NEXT'],
    rows: [
      ['orders', { text: 'Idle', style: 'green' as const }, 'in 3m'],
      ['a-longer-name', 'WaitingForTrigger', '-'],
    ],
  };

  it('is aligned as kubectl aligns it, with nothing behind the last column', () => {
    expect(renderTable(table, createInk(false)).split('\n')).toEqual([
      'NAME            PHASE               NEXT',
      'orders          Idle                in 3m',
      'a-longer-name   WaitingForTrigger   -',
    ]);
  });

  it('stays aligned when it has colours', () => {
    const plain = renderTable(table, createInk(false));
    const painted = renderTable(table, createInk(true));
    expect(painted).toContain('\x1b[32mIdle\x1b[39m ');
    // oxlint-disable-next-line no-control-regex -- That is what an escape is.
    expect(painted.replaceAll(/\x1b\[\d+m/g, '')).toBe(plain);
  });
});

describe('colours', () => {
  it('are for terminals alone, and neither with --no-color, NO_COLOR, nor a dumb terminal', () => {
    const wish = { color: true, terminal: true, env: {} };
    expect(wantsColours(wish)).toBe(true);
    expect(wantsColours({ ...wish, terminal: false })).toBe(false);
    expect(wantsColours({ ...wish, color: false })).toBe(false);
    expect(wantsColours({ ...wish, env: { NO_COLOR: '1' } })).toBe(false);
    expect(wantsColours({ ...wish, env: { TERM: 'dumb' } })).toBe(false);
  });
});

describe('the flag --output', () => {
  it('takes json, yaml and wide, and refuses others with a sentence', () => {
    expect([undefined, 'json', 'yaml', 'wide'].map(readFormat)).toEqual(['table', 'json', 'yaml', 'wide']);
    expect(() => readFormat('xml')).toThrow('--output is "xml"; it is json, yaml or wide.');
  });
});
