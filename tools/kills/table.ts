// What a run of kills prints at its end.
import { percentile } from '../bench/statistics.ts';
import { PHASES } from './phases.ts';
import type { Phase } from './phases.ts';
import { VICTIMS } from './plan.ts';
import type { Blow } from './plan.ts';
import type { Freeze } from './owner.ts';

export interface Tally {
  readonly seed: string;
  /** With the phases in which the syncs of the applications were at that moment. */
  readonly blows: readonly { readonly blow: Blow; readonly phases: readonly Phase[] }[];
  readonly freezes: readonly Freeze[];
  /** How each sync has ended: `COMPLETED`, or the reason of its failure. */
  readonly ends: readonly string[];
  readonly violations: readonly string[];
}

/** Victims × phases, the freezes, how the syncs have ended, the violations, then the line that is read. */
export function table({ seed, blows, freezes, ends, violations }: Tally): string {
  return [
    line(['', 'kills', 'stalls', ...PHASES]),
    ...VICTIMS.map((victim) => row(victim, blows)),
    row('all', blows),
    '',
    freezeLine(freezes),
    syncsLine(ends),
    ...violations.map((sentence) => `violation: ${sentence}`),
    `${blows.length} kills, ${violations.length} violations, seed ${seed}`,
  ].join('\n');
}

function row(victim: string, all: Tally['blows']): string {
  const blows = all.filter(({ blow }) => victim === 'all' || blow.victim === victim);
  const count = (how: Blow['how']) => blows.filter(({ blow }) => blow.how === how).length;
  const hit = (phase: Phase) => blows.flatMap(({ phases }) => phases).filter((each) => each === phase).length;
  return line([victim, count('kill'), count('stall'), ...PHASES.map(hit)]);
}

const VICTIM_WIDTH = Math.max(...VICTIMS.map(({ length }) => length));

function line(cells: readonly (string | number)[]): string {
  const heads = ['', 'kills', 'stalls', ...PHASES];
  const text = (cell: string | number) => (cell === 0 ? '–' : String(cell));
  return cells
    .map((cell, column) =>
      column === 0 ? text(cell).padEnd(VICTIM_WIDTH) : text(cell).padStart(heads[column]?.length ?? 0),
    )
    .join('  ');
}

function freezeLine(freezes: readonly Freeze[]): string {
  const lasted = freezes.map(({ lastedMs }) => lastedMs);
  const ended = counts(freezes.map(({ endedBy }) => ENDED_BY[endedBy]));
  if (lasted.length === 0) return 'freeze: nobody stood still';
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => `${(percentile(lasted, share) / 1000).toFixed(1)} s`);
  return `freeze of ${lasted.length}: p50 ${p50}, p99 ${p99}, max ${max}; ended by ${ended}`;
}

const ENDED_BY: Readonly<Record<Freeze['endedBy'], string>> = {
  Completed: 'Completed',
  Failed: 'Failed',
  deadline: 'the application’s own deadline',
};

function syncsLine(ends: readonly string[]): string {
  return ends.length === 0 ? 'syncs: none has ended' : `syncs: ${ends.length}; ${counts(ends)}`;
}

/** `Completed 12, Failed 1`: most frequent first. */
function counts(words: readonly string[]): string {
  const found = new Map<string, number>();
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1);
  return [...found]
    .toSorted(([, one], [, other]) => other - one)
    .map(([word, count]) => `${word} ${count}`)
    .join(', ');
}
