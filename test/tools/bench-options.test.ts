import { describe, expect, it } from 'vitest';
import { readOptions } from '../../tools/bench/options.ts';
import { ROWS } from '../../tools/bench/rows.ts';

const KEYS = ROWS.map(({ key }) => key);

describe("the bench's command line", () => {
  it('measures ours alone, every row, on a stack of its own that goes down again', () => {
    expect(readOptions([], KEYS)).toEqual({
      rounds: 24,
      name: 'bench',
      keep: false,
      volsync: false,
      slow: false,
    });
  });

  it('takes the number of rounds, one row, and VolSync beside it', () => {
    const words = ['--rounds', '100', '--only', 'cut-completed', '--volsync', '--keep'];
    expect(readOptions(words, KEYS)).toMatchObject({
      rounds: 100,
      only: 'cut-completed',
      volsync: true,
      keep: true,
    });
  });
});
