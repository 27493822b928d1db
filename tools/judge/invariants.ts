// The invariants of the design, judged from what an outside watcher recorded and from nothing that our code says.
import { completedIsTrue, noEarlyCopy, onlyOwnCopies } from './invariants/copies.ts';
import { latestImageIsReady, onlyLatestImageStays, onlyOwnImages } from './invariants/destinations.ts';
import { oneMoverAtATime, successMeansMoved } from './invariants/movers.ts';
import { nobodyStaysAsked, nothingLeftBehind } from './invariants/rest.ts';
import { noSecretLeaves } from './invariants/secrets.ts';
import type { Check, Violation } from './invariants/violation.ts';
import { measuredAndBounded, oneTriggerOneWindow, usersKeys } from './invariants/windows.ts';
import type { OutsideRecord } from './scenario-record.ts';

const INVARIANTS: ReadonlyMap<number, { readonly name: string; readonly check: Check }> = new Map([
  [1, { name: 'no early copy', check: noEarlyCopy }],
  [2, { name: 'Completed is true', check: completedIsTrue }],
  [3, { name: 'one trigger, one window', check: oneTriggerOneWindow }],
  [4, { name: 'nobody stays asked', check: nobodyStaysAsked }],
  [5, { name: 'the user’s keys are the user’s', check: usersKeys }],
  [6, { name: 'only our own copies', check: both(onlyOwnCopies, onlyOwnImages) }],
  [7, { name: 'one mover per source at a time', check: oneMoverAtATime }],
  [8, { name: 'success means moved', check: both(successMeansMoved, latestImageIsReady) }],
  [9, { name: 'no secret leaves its Secret', check: noSecretLeaves }],
  [10, { name: 'nothing left behind', check: both(nothingLeftBehind, onlyLatestImageStays) }],
  [11, { name: 'every freeze is measured and bounded', check: measuredAndBounded }],
]);
// Of sources, and of destinations.
function both(one: Check, other: Check): Check {
  return (record) => [...one(record), ...other(record)];
}

const HOLD_ONLY_AT_REST: readonly number[] = [4, 10];

/** Everything that must not have been; empty when all invariants hold. */
export function violationsOf(record: OutsideRecord): readonly Violation[] {
  return judge(record, [...INVARIANTS.keys()]);
}

/** What is still to be tidied up; not at rest before that is empty. */
export function restlessIn(record: OutsideRecord): readonly Violation[] {
  return judge(record, HOLD_ONLY_AT_REST);
}

/** `invariant 4, nobody stays asked: PersistentVolumeClaim data-pvc …`. */
export function sentenceOf({ invariant, sentence }: Violation, { namespace }: OutsideRecord): string {
  return `invariant ${invariant}, ${INVARIANTS.get(invariant)?.name}: in ${namespace}, ${sentence}`;
}

function judge(record: OutsideRecord, invariants: readonly number[]): readonly Violation[] {
  return invariants
    .flatMap((invariant) => INVARIANTS.get(invariant)?.check(record) ?? [])
    .filter(
      ({ invariant, object }) =>
        !record.exemptions.some((exempt) => exempt.invariant === invariant && exempt.object === object),
    );
}
