// What the movers took, beside the bare tools: pure text.
import { spreadOf } from '../statistics.ts';
import { aligned } from '../table.ts';
import type { MoverCell } from './measure.ts';
import type { MoverRun } from './run.ts';

const HEAD = ['mover', 'Job, s', 'moveCopy, s', 'bare, s', 'Job', 'moveCopy', 'pod start'];

/** Medians; the two columns of multiples are of the bare tool's time. */
export function moverTable(cells: readonly MoverCell[]): string {
  return aligned([HEAD, ...cells.map(lineOf)]);
}

function lineOf({ mover, data, ours, bare }: MoverCell): string[] {
  const median = (of: (run: MoverRun) => number) => spreadOf(ours.map(of))?.median ?? NaN;
  const [job, moveCopy, podStart] = [
    median((run) => run.job),
    median((run) => run.moveCopy),
    median((run) => run.podStart),
  ];
  const tool = spreadOf(bare)?.median ?? NaN;
  const times = (value: number) => `${(value / tool).toFixed(2)} ×`;
  return [
    `${mover}, ${data.what}`,
    ...[job, moveCopy, tool].map((seconds) => seconds.toFixed(1)),
    times(job),
    times(moveCopy),
    `${((100 * podStart) / job).toFixed(0)} %`,
  ];
}
