// The printed tables: pure text.
import type { Block } from './measure.ts';
import { judge, measured } from './rows.ts';
import type { Budget, Figures, Row } from './rows.ts';
import type { Spread } from './statistics.ts';

export interface Results {
  readonly stillpoint: Figures;
  readonly volsync: Figures;
}

const HEAD = ['what', 'median', 'p90', 'VolSync', 'p90', 'ratio', 'budget', ''];

/** One line for each row; VolSync's numbers in brackets are recorded ones. */
export function resultTable(results: Results, rows: readonly Row[]): string {
  return aligned([HEAD, ...rows.flatMap((row) => lineOf(row, results))]);
}

function lineOf(row: Row, { stillpoint, volsync }: Results): string[][] {
  const ours = measured(row, stillpoint);
  const theirs = measured(row, volsync);
  const reference = theirs ?? row.recorded;
  if (ours === undefined) return [];
  const verdict = { within: 'ok', over: 'OVER', 'no budget': '' }[judge(row, ours, reference)];
  const shown = (value: number | undefined) =>
    value === undefined ? '–' : theirs ? number(value) : `(${number(value)})`;
  return [
    [
      row.unit === '' ? row.what : `${row.what}, ${row.unit}`,
      ...oursOf(ours),
      shown(reference?.median),
      shown(theirs && theirs.count === 1 ? undefined : reference?.p90),
      reference ? `${(ours.median / reference.median).toFixed(2)} ×` : '–',
      budgetText(row.budget),
      verdict,
    ],
  ];
}

function oursOf({ count, median, p90 }: Spread): string[] {
  return [number(median), count === 1 ? '–' : number(p90)];
}

function budgetText(budget: Budget | undefined): string {
  const { atMost, ratio, p90Ratio } = budget ?? {};
  return [
    atMost === undefined ? [] : [`≤ ${atMost}`],
    ratio === undefined ? [] : [`≤ ${ratio} ×`],
    p90Ratio === undefined ? [] : [`p90 ≤ ${p90Ratio} ×`],
  ]
    .flat()
    .join(', ');
}

/** Requests of one system per sync, by kind. */
export function requestTable(blocks: readonly Block[]): string {
  const rounds = blocks.reduce((sum, block) => sum + block.rounds.length, 0);
  const sums = new Map<string, number>();
  for (const { requests } of blocks)
    for (const [kind, count] of requests) sums.set(kind, (sums.get(kind) ?? 0) + count);
  const lines = [...sums].map(([kind, count]) => [kind, (count / rounds).toFixed(2)]);
  return aligned([['request', 'per sync'], ...lines]);
}

/** The first column to the left, numbers to the right. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const columns = Math.max(...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(cell).join('   ').trimEnd()).join('\n');
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
