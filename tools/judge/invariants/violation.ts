import { nameOf } from '../scenario-record.ts';
import type { OutsideRecord, Version } from '../scenario-record.ts';

/** One sentence about one object that broke one invariant of the design. */
export interface Violation {
  readonly invariant: number;
  /** `VolumeSnapshot volsync-test-rs-src-1234abcd`. */
  readonly object: string;
  readonly sentence: string;
}

export type Check = (record: OutsideRecord) => readonly Violation[];

/** `what` goes on after the object's name: `was created before …`. */
export function violation(invariant: number, version: Version, what: string): Violation {
  return {
    invariant,
    object: nameOf(version),
    sentence: `${nameOf(version)} (version ${version.at}) ${what}`,
  };
}
