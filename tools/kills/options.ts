import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';

export interface KillsOptions {
  readonly count: number;
  /** Chooses victims and moments. */
  readonly seed: string;
  /** Which local stack. */
  readonly name: string;
}

/** Throws one sentence for whoever typed it. */
export function readOptions(args: readonly string[]): KillsOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...args], options: { count: text, seed: text, name: text } });
  const { count = '20', seed = randomBytes(3).toString('hex'), name = 'kills' } = values;
  if (!/^[1-9]\d{0,4}$/.test(count))
    throw new Error(`--count is ${count}, expected a number from 1 to 99999.`);
  return { count: Number(count), seed, name };
}
