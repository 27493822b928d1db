// Chance that can be repeated: the same seed gives the same numbers.
import { createHash } from 'node:crypto';

/** A source of numbers from 0 to 1. */
export function chance(seed: string): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash('sha256').update(`${seed}/${drawn}`).digest().readUInt32BE() / 2 ** 32;
  };
}
