import { DESTINATION_PHASES, FAULTS, PHASES } from './cells.ts';
import type { Progress, Result } from './progress.ts';
import { UNCACHED } from './progress.ts';

const COLUMNS = [...PHASES, ...DESTINATION_PHASES];

/** Faults × phases with the seconds of each cell, then what failed and how to repeat it, then the line that is read. */
export function table({ seed, results }: Progress): string {
  const width = Math.max(...FAULTS.map((fault) => fault.length));
  const head = ['', ...COLUMNS].map((phase, column) => pad(phase, column, width)).join('  ');
  const rows = FAULTS.map((fault) =>
    [fault, ...COLUMNS.map((phase) => show(results[`${fault}/${phase}`]))]
      .map((text, column) => pad(text, column, width))
      .join('  '),
  );
  const failed = Object.entries(results).filter(([, { passed }]) => !passed);
  const repeat = failed.map(([name]) =>
    name === UNCACHED
      ? `failed: ${UNCACHED}`
      : `failed: ${name}; again: npm run test:matrix -- --seed ${seed} --only ${name}`,
  );
  const ran = Object.keys(results).length;
  return [
    head,
    ...rows,
    `${UNCACHED}: ${show(results[UNCACHED])}`,
    ...repeat,
    `${ran} cells, ${failed.length} failed, seed ${seed}`,
  ].join('\n');
}

function show(result: Result | undefined): string {
  if (result === undefined) return '–';
  return result.passed ? `${Math.round(result.seconds)} s` : 'FAILED';
}

function pad(text: string, column: number, width: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(COLUMNS[column - 1]?.length ?? 0);
}
