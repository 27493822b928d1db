// What the owner's own record says beyond the invariants: the truth about when the application really stood still.
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { durationMs } from '../../domain/duration.ts';
import { LABELS } from '../../domain/names.ts';
import { livesOf } from '../judge/scenario-record.ts';
import type { OutsideRecord } from '../judge/scenario-record.ts';
import { PROMISE_MS } from './owner.ts';
import type { Freeze } from './owner.ts';

// The stopwatch is read by a process that shares the machine with all that is killed here.
const LATE_MS = 5_000;
// Reported freezes begin and end with times that have whole seconds.
const ROUNDING_MS = 1_000;

/** One sentence for each thing that is not as it was promised to the owner. */
export function ownerVerdict(record: OutsideRecord, freezes: readonly Freeze[]): readonly string[] {
  return freezes.flatMap((freeze) =>
    [...tooLong(freeze), ...cutOutside(record, freeze), ...reportedTooLong(record, freeze)].map(
      (sentence) => `the owner: in ${record.namespace}, ${sentence}`,
    ),
  );
}

function tooLong({ trigger, lastedMs }: Freeze): readonly string[] {
  if (lastedMs <= PROMISE_MS + LATE_MS) return [];
  return [`the application stood still for ${seconds(lastedMs)} for ${trigger}`];
}

/** A copy whose trigger was answered with Completed was cut while the application stood still. */
function cutOutside(record: OutsideRecord, { trigger, since, until }: Freeze): readonly string[] {
  const windows = completedWindows(record, trigger);
  return livesOf(record, 'volumeSnapshots').flatMap((life) => {
    const [{ object }] = life;
    if (!windows.has(object.metadata.labels?.[LABELS.copyWindow] ?? '')) return [];
    const cut = life.find((version) => version.object.status?.creationTime !== undefined);
    const time = Date.parse(cut?.object.status?.creationTime ?? '');
    // The storage says whole seconds.
    if (cut === undefined || (time + 999 >= since && time <= until)) return [];
    const span = `${new Date(since).toISOString()} to ${new Date(until).toISOString()}`;
    return [
      `${object.metadata.name} of ${trigger}, which was Completed, was cut at ${new Date(time).toISOString()}; the application stood still from ${span}`,
    ];
  });
}

function completedWindows(record: OutsideRecord, trigger: string): ReadonlySet<string> {
  const windows = livesOf(record, 'pvcs')
    .flat()
    .map(({ object: { metadata } }) => metadata.annotations ?? {})
    .filter(
      (annotations) =>
        annotations[A.latestCopyStatus] === 'Completed' && annotations[A.latestCopyTrigger] === trigger,
    )
    .map((annotations) => (JSON.parse(annotations[A.copyWindow] ?? '{}') as { readonly id?: string }).id);
  return new Set(windows.filter((id) => id !== undefined));
}

/** What the source reports is never more than what the owner has measured. */
function reportedTooLong(record: OutsideRecord, { trigger, lastedMs, endedBy }: Freeze): readonly string[] {
  if (endedBy === 'deadline') return [];
  const reported = livesOf(record, 'sources')
    .flat()
    .map(({ object }) => object.status?.lastCopy)
    .filter((copy) => copy?.trigger === trigger)
    .map((copy) => durationMs(copy?.freeze ?? '') ?? 0);
  const most = Math.max(0, ...reported);
  if (most <= lastedMs + ROUNDING_MS) return [];
  return [`the freeze of ${trigger} is reported as ${seconds(most)}, and was ${seconds(lastedMs)}`];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
