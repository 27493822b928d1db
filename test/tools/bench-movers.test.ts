import { describe, expect, it } from 'vitest';
import { dataSets } from '../../tools/bench/movers/data.ts';
import { moverTable } from '../../tools/bench/movers/table.ts';

describe('the table of movers', () => {
  it('shows medians, and as multiples of the bare tool’s what the Job and its step took', () => {
    const [data] = dataSets(0.05);
    if (data === undefined) throw new Error('no data');
    const run = (job: number) => ({ job, moveCopy: job + 2, podStart: job / 10 });
    const cell = { mover: 'restic', data, ours: [run(9), run(11)], bare: [4, 6] } as const;
    expect(moverTable([cell]).split('\n')[1]?.split(/ {2,}/)).toEqual([
      'restic, 51 MiB in 1000 files',
      '10.0',
      '12.0',
      '5.0',
      '2.00 ×',
      '2.40 ×',
      '10 %',
    ]);
  });
});
