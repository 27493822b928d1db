// What a list of measurements says in two numbers.

export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
}

/** Undefined when nothing was measured. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { count: values.length, median: percentile(values, 0.5), p90: percentile(values, 0.9) };
}

/** Linear between the two nearest ranks; `share` is 0 to 1. NaN when there are no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? Number.NaN;
  const above = sorted[Math.ceil(rank)] ?? Number.NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Splits a number of rounds into so many blocks, as even as they come: 20 by 3 is 7, 7, 6. */
export function sharesOf(rounds: number, blocks: number): number[] {
  const shares = Array.from({ length: blocks }, (_, block) => Math.ceil((rounds - block) / blocks));
  return shares.filter((share) => share > 0);
}
