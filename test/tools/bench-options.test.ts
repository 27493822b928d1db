import { describe, expect, it } from 'vitest';
import { readOptions } from '../../tools/bench/options.ts';
import { GROUPS } from '../../tools/bench/rows.ts';

describe("the bench's command line", () => {
  it('measures ours alone, single syncs, on a stack of its own that goes down again', () => {
    expect(readOptions([])).toEqual({
      rounds: 24,
      name: 'bench',
      keep: false,
      volsync: false,
      groups: ['sync'],
      pvcs: 10_000,
    });
  });

  it('takes the number of rounds, one row, and VolSync beside it', () => {
    const words = ['--rounds', '100', '--only', 'cut-completed', '--volsync', '--keep'];
    expect(readOptions(words)).toMatchObject({
      rounds: 100,
      only: 'cut-completed',
      volsync: true,
      keep: true,
    });
  });

  it('plays the group of a row that is wanted alone, and no other', () => {
    expect(readOptions(['--only', 'crowd-waiting', '--slow']).groups).toEqual(['crowd']);
  });

  it('takes a group by its name', () => {
    expect(readOptions(['--only', 'waiting']).groups).toEqual(['waiting']);
  });

  it('measures more where asked', () => {
    expect(readOptions(['--slow', '--killed', '--pvcs', '1000'])).toMatchObject({
      groups: ['sync', 'slow', 'killed-window', 'killed-mover'],
      pvcs: 1000,
    });
  });

  it('measures every row, VolSync beside it, with one word', () => {
    expect(readOptions(['--all'])).toMatchObject({ volsync: true, groups: GROUPS });
  });
});
