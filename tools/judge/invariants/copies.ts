// Invariants 1, 2 and 6: when copies are made, and whose they are.
import type { Job, PersistentVolumeClaim, VolumeSnapshot } from '../../../api/kubernetes.ts';
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import { ANNOTATIONS_OF_RUN, crc32, LABELS } from '../../../domain/names.ts';
import { livesOf, nameOf, standingAt, unseenBetween } from '../scenario-record.ts';
import { isPrime } from '../../../domain/volume-population.ts';
import type { Life, OutsideRecord, Version } from '../scenario-record.ts';
import { violation } from './violation.ts';
import type { Violation } from './violation.ts';
import { entriesInto, firstStep, OURS, ownedByUs, windowStepsOf } from './window-steps.ts';
import type { WindowStep } from './window-steps.ts';

type Copied = VolumeSnapshot | PersistentVolumeClaim;
type CopyLife = readonly [Version<Copied>, ...Version<Copied>[]];

/** VolumeSnapshots and clones of ours, one life each: what is cut from the pvc itself. */
function copiesIn(record: OutsideRecord): readonly CopyLife[] {
  const clones = livesOf(record, 'pvcs').filter(
    ([{ object }]) => object.spec?.dataSource?.kind === 'PersistentVolumeClaim',
  );
  const all = [...livesOf(record, 'volumeSnapshots'), ...clones];
  return all.filter(([{ object }]) => isOurs(object) && !isImage(object));
}

/** The image of a destination is of what it received; destinations.ts judges it. */
export function isImage({ metadata }: VolumeSnapshot | PersistentVolumeClaim): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === 'ReplicationDestination') ?? false;
}

function isOurs({ metadata }: Copied): boolean {
  const written = (metadata.managedFields ?? []).some(
    ({ manager = '', fieldsV1 }) => OURS.test(manager) && fieldsV1?.['f:spec'] !== undefined,
  );
  return written || metadata.labels?.[LABELS.run] !== undefined;
}

/** 1: no copy of a pvc that opted in before a trigger was accepted. */
export function noEarlyCopy(record: OutsideRecord): readonly Violation[] {
  const all = windowStepsOf(record);
  return copiesIn(record).flatMap(([created]) => {
    const steps = stepsOfCopied(all, created);
    const windowId = created.object.metadata.labels?.[LABELS.copyWindow];
    return windowId === undefined
      ? unaskedCopy(record, steps, created)
      : copyInWindow(record, steps, { created, windowId });
  });
}

function copyInWindow(
  record: OutsideRecord,
  steps: readonly WindowStep[],
  { created, windowId }: { created: Version<Copied>; windowId: string },
): readonly Violation[] {
  const accepted = firstStep(steps, windowId, 'frozen');
  if (accepted !== undefined && accepted.version.at < created.at) return [];
  const before = steps.findLast(({ version }) => version.at < created.at);
  const hidden = unseenBetween(record, 'pvcs', [before?.version.at ?? 0, created.at]);
  // What is still asked afterwards was not accepted before, seen or not.
  const askedLater = steps.some(
    ({ state, window, version }) => state === 'asked' && window?.id === windowId && version.at > created.at,
  );
  if (hidden && !askedLater) return [];
  return [violation(1, created, `was created before the window ${windowId} was InProgress`)];
}

function unaskedCopy(
  record: OutsideRecord,
  steps: readonly WindowStep[],
  created: Version<Copied>,
): readonly Violation[] {
  if (unseenBetween(record, 'pvcs', [0, created.at])) return [];
  const run = created.object.metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId];
  const began = record.runs.find(({ workflowId }) => workflowId === run)?.startedAt ?? 0;
  const earlier = steps.filter(({ version }) => version.at < created.at);
  // Whoever has found the pvc not opted in may copy, though its owner opts in meanwhile.
  const standing = earlier.filter(
    (_, index) => (earlier[index + 1]?.version.seenAt ?? created.seenAt) >= began,
  );
  if (standing.some(({ annotations }) => annotations[A.useCopyTrigger] === undefined)) return [];
  return [violation(1, created, 'was created without a window, though the pvc had opted in')];
}

/** The pvc that a copy is made of, as it was when the copy was created. */
function stepsOfCopied(
  all: readonly (readonly WindowStep[])[],
  { object, at }: Version<Copied>,
): readonly WindowStep[] {
  const name = nameOfCopied(object);
  const lives = all.filter(
    ([first]) => first !== undefined && first.version.object.metadata.name === name && first.version.at < at,
  );
  return lives.at(-1) ?? [];
}

function nameOfCopied({ spec }: Copied): string | undefined {
  if (spec === undefined) return undefined;
  return 'source' in spec ? spec.source.persistentVolumeClaimName : spec.dataSource?.name;
}

/** 2: Completed is written when every copy of the window was cut, and before the freeze had to end. */
export function completedIsTrue(record: OutsideRecord): readonly Violation[] {
  const copies = copiesIn(record);
  return windowStepsOf(record).flatMap((steps) =>
    entriesInto(steps, 'closed')
      .filter(({ window }) => window?.result === 'Completed')
      .flatMap((step) => [...everyCut(record, copies, step), ...inTime(steps, step)]),
  );
}

function everyCut(
  record: OutsideRecord,
  copies: readonly CopyLife[],
  { window, version }: WindowStep,
): readonly Violation[] {
  return (window?.runs ?? []).flatMap((run) => {
    const own = copies.filter(
      ([{ object }]) =>
        object.metadata.labels?.[LABELS.copyWindow] === window?.id &&
        object.metadata.labels?.[LABELS.run] === crc32(run),
    );
    if (own.some((life) => life.some((seen) => seen.at < version.at && isCut(seen.object)))) return [];
    if (own.some((life) => hiddenCut(record, life, version))) return [];
    if (own.length === 0 && unseenIn(record, [0, version.at])) return [];
    const what = own[0] === undefined ? 'there is no copy' : `${nameOf(own[0][0])} was not cut`;
    return [violation(2, version, `completes the window ${window?.id}, while ${what} for ${run}`)];
  });
}

// The version that first showed the cut was missed; the time in a later one tells.
function hiddenCut(record: OutsideRecord, life: CopyLife, completed: Version): boolean {
  if (!unseenIn(record, [life[0].at - 1, completed.at])) return false;
  const cut = life.find(({ object }) => isCut(object))?.object;
  if (cut?.spec === undefined || !('source' in cut.spec)) return true;
  const { creationTime } = (cut as VolumeSnapshot).status ?? {};
  return creationTime === undefined || Date.parse(creationTime) <= completed.seenAt;
}

function unseenIn(record: OutsideRecord, span: readonly [number, number]): boolean {
  return unseenBetween(record, 'volumeSnapshots', span) || unseenBetween(record, 'pvcs', span);
}

function isCut({ spec, status }: Copied): boolean {
  if (spec !== undefined && 'source' in spec)
    return (status as VolumeSnapshot['status'])?.creationTime !== undefined;
  return (status as PersistentVolumeClaim['status'])?.phase === 'Bound';
}

function inTime(steps: readonly WindowStep[], step: WindowStep): readonly Violation[] {
  const { window, version } = step;
  const bound = firstStep(steps, window?.id ?? '', 'frozen')?.annotations[A.releaseBy];
  const written = ownedByUs(step, A.latestCopyStatus)?.time;
  if (bound === undefined || written === undefined || Date.parse(written) < Date.parse(bound)) return [];
  return [
    violation(2, version, `completes the window ${window?.id} at ${written}, not before release-by ${bound}`),
  ];
}

/** 6: what a sync uses was made by itself, for this window. */
export function onlyOwnCopies(record: OutsideRecord): readonly Violation[] {
  const restored = livesOf(record, 'pvcs').filter(
    // A PVC that is filled from a destination's image is no copy of a sync's.
    ([{ object }]) =>
      object.spec?.dataSource?.kind === 'VolumeSnapshot' && isOurs(object) && !isPrime(object),
  );
  return [
    ...[...copiesIn(record), ...restored].flatMap((life) => saysWhose(record, life)),
    ...restored.flatMap(([created]) => restoredFromOwn(record, created)),
    ...livesOf(record, 'jobs').flatMap(([created]) => movesOwn(record, created)),
  ];
}

const WHOSE = [LABELS.cleanup, LABELS.run, LABELS.copyWindow] as const;

function saysWhose(record: OutsideRecord, life: CopyLife): readonly Violation[] {
  const [created] = life;
  const { labels = {}, annotations = {}, ownerReferences = [] } = created.object.metadata;
  const owner = ownerReferences.find(({ kind }) => kind === 'ReplicationSource')?.uid;
  const run = annotations[ANNOTATIONS_OF_RUN.workflowId];
  if (owner === undefined || labels[LABELS.cleanup] !== owner)
    return [
      violation(6, created, `is labelled for the source ${labels[LABELS.cleanup]} and owned by ${owner}`),
    ];
  if (run === undefined || labels[LABELS.run] !== crc32(run))
    return [
      violation(6, created, `is labelled for the run ${labels[LABELS.run]}, and says that it is of ${run}`),
    ];
  const relabelled = life.find(
    ({ object: { metadata } }) =>
      // One that a user keeps is nobody's any more.
      metadata.labels?.[LABELS.doNotDelete] === undefined &&
      WHOSE.some((label) => metadata.labels?.[label] !== labels[label]),
  );
  if (relabelled !== undefined)
    return [violation(6, relabelled, `was made for another run or window than its labels say by now`)];
  return namedInWindow(record, created, { run, windowId: labels[LABELS.copyWindow] });
}

function namedInWindow(
  record: OutsideRecord,
  created: Version,
  { run, windowId }: { run: string; windowId: string | undefined },
): readonly Violation[] {
  if (windowId === undefined) return [];
  const steps = windowStepsOf(record)
    .flat()
    .filter(({ window }) => window?.id === windowId);
  if (steps.some(({ window }) => window?.runs.includes(run))) return [];
  if (unseenBetween(record, 'pvcs', [0, Number.POSITIVE_INFINITY])) return [];
  return [violation(6, created, `is labelled for the window ${windowId}, which never named ${run}`)];
}

function restoredFromOwn(
  record: OutsideRecord,
  created: Version<PersistentVolumeClaim>,
): readonly Violation[] {
  const name = created.object.spec?.dataSource?.name;
  const snapshot = standing(livesOf(record, 'volumeSnapshots'), name, created.at);
  if (snapshot === undefined) return [];
  const foreign = WHOSE.some(
    (label) => snapshot.object.metadata.labels?.[label] !== created.object.metadata.labels?.[label],
  );
  return foreign ? [violation(6, created, `is restored from ${nameOf(snapshot)}, which another made`)] : [];
}

function movesOwn(record: OutsideRecord, created: Version<Job>): readonly Violation[] {
  const run = created.object.metadata.labels?.[LABELS.run];
  const data = standing(livesOf(record, 'pvcs'), dataOf(created.object), created.at);
  if (run === undefined || data === undefined) return [];
  const ours = data.object.metadata.labels?.[LABELS.run];
  // Without any label it is the pvc itself (copyMethod Direct).
  return ours === undefined || ours === run
    ? []
    : [violation(6, created, `moves ${nameOf(data)}, of another run`)];
}

function standing<K extends 'pvcs' | 'volumeSnapshots'>(
  lives: readonly Life<K>[],
  name: string | undefined,
  at: number,
): ReturnType<typeof standingAt<K>> {
  const life = lives.find((one) => one[0].object.metadata.name === name && standingAt(one, at) !== undefined);
  return life && standingAt(life, at);
}

interface JobTemplate {
  readonly spec?: {
    readonly volumes?: readonly { name: string; persistentVolumeClaim?: { claimName: string } }[];
  };
}

function dataOf({ spec }: Job): string | undefined {
  const template = spec['template'] as JobTemplate | undefined;
  return template?.spec?.volumes?.find(({ name }) => name === 'data')?.persistentVolumeClaim?.claimName;
}
