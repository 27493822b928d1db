import { parseArgs } from 'node:util';
import { CELLS } from './cells.ts';

export interface MatrixOptions {
  /** Chooses the moments inside the phases. Absent: that of the run before, if it has cells left, else a new one. */
  readonly seed?: string;
  /** Forget which cells have passed. */
  readonly fresh: boolean;
  /** One cell, also when it has passed. */
  readonly only?: string;
}

/** Throws one sentence for whoever typed it. */
export function readOptions(args: readonly string[]): MatrixOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { seed: { type: 'string' }, fresh: { type: 'boolean' }, only: { type: 'string' } },
  });
  const { seed, fresh = false, only } = values;
  if (only !== undefined && !CELLS.some(({ name }) => name === only))
    throw new Error(`There is no cell ${only}; a cell is fault/phase, such as ${CELLS[0]?.name}.`);
  return { ...(seed !== undefined && { seed }), fresh, ...(only !== undefined && { only }) };
}
