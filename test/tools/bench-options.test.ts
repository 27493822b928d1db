import { describe, expect, it } from 'vitest';
import { dataSets } from '../../tools/bench/movers/data.ts';
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
      moversScale: 1,
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

  it('carries less with the movers where asked, and never more', () => {
    const words = ['--only', 'movers', '--movers-scale', '0.05'];
    expect(readOptions(words)).toMatchObject({ groups: ['movers'], moversScale: 0.05 });
    expect(dataSets(0.05).map(({ what }) => what)).toEqual(['51 MiB in 1000 files', '205 MiB in one file']);
    expect(dataSets(1).map(({ what }) => what)).toEqual(['1024 MiB in 20000 files', '4096 MiB in one file']);
  });

  it('measures every row, VolSync beside it, with one word', () => {
    expect(readOptions(['--all'])).toMatchObject({ volsync: true, groups: GROUPS });
  });
});
