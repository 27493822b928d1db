// Invariants 4 and 10: once everything is at rest, nothing speaks of a sync that has ended. For a namespace that went
// at the end of its test, rest is the moment before.
import { ANNOTATIONS_OF_RUN, crc32, LABELS } from '../../../domain/names.ts';
import { ownerOfRun } from '../../../domain/ended-sync.ts';
import { closedBy, lastMoment, livesOf, standingAt } from '../scenario-record.ts';
import type { OutsideRecord, RunSeen, Version } from '../scenario-record.ts';
import { violation } from './violation.ts';
import type { Violation } from './violation.ts';
import { windowStepsOf } from './window-steps.ts';

/** How long the controller may take to find a sync that was ended from outside, when nobody has waited for it. */
const TIDIED_UP_WITHIN_MS = 60_000;

/** 4: no open window, and no status, speaks of a sync that has ended. */
export function nobodyStaysAsked(record: OutsideRecord): readonly Violation[] {
  return [...windowStepsOf(record).flatMap((steps) => openWindow(record, steps)), ...statuses(record)];
}

function openWindow(
  record: OutsideRecord,
  steps: ReturnType<typeof windowStepsOf>[number],
): readonly Violation[] {
  const { at } = lastMoment(record);
  const last = steps.findLast(({ version }) => version.at <= at);
  if (last === undefined || (last.state !== 'asked' && last.state !== 'frozen')) return [];
  const life = livesOf(record, 'pvcs').find(
    ([{ object }]) => object.metadata.uid === last.version.object.metadata.uid,
  );
  if (life === undefined || standingAt(life, at)?.object.metadata.deletionTimestamp !== undefined) return [];
  if (standingAt(life, at) === undefined) return [];
  return (last.window?.runs ?? []).flatMap((run) => {
    const ended = endedForLong(record, run);
    if (ended === undefined) return [];
    const what = `is ${last.state} in the window ${last.window?.id} of ${run}, which was ${ended.closed?.status}`;
    return [violation(4, last.version, what)];
  });
}

function statuses(record: OutsideRecord): readonly Violation[] {
  const { at } = lastMoment(record);
  return [...livesOf(record, 'sources'), ...livesOf(record, 'destinations')].flatMap((life) => {
    const owner = standingAt<'sources' | 'destinations'>(life, at);
    const since = owner?.object.status?.lastSyncStartTime;
    if (owner === undefined || since === undefined) return [];
    if (owner.object.metadata.deletionTimestamp !== undefined) return [];
    const runs = runsOf(record, owner);
    const ended = runs.every(({ workflowId }) => endedForLong(record, workflowId) !== undefined);
    if (!ended || runs.length === 0) return [];
    return [violation(4, owner, `says that a sync runs since ${since}, and none does`)];
  });
}

function runsOf({ runs }: OutsideRecord, owner: Version): readonly RunSeen[] {
  const kind = owner.kind === 'sources' ? 'ReplicationSource' : 'ReplicationDestination';
  return runs.filter(({ workflowId }) => {
    const whose = ownerOfRun(workflowId);
    return whose?.name === owner.object.metadata.name && whose?.kind === kind;
  });
}

/** 10: no temporary object of a sync that has ended remains, except on request. */
export function nothingLeftBehind(record: OutsideRecord): readonly Violation[] {
  const { at } = lastMoment(record);
  const lives = (['pvcs', 'volumeSnapshots', 'jobs', 'pods'] as const).flatMap((kind) =>
    livesOf(record, kind).map((life): Version | undefined => standingAt(life, at)),
  );
  return lives.flatMap((version) => {
    if (version === undefined || !isTemporary(version)) return [];
    const run = runOf(record, version);
    const ended = run === undefined ? undefined : endedForLong(record, run);
    const how = ended?.closed?.status;
    return how === undefined ? [] : [violation(10, version, `remains, of ${run}, which was ${how}`)];
  });
}

function isTemporary({ object: { metadata } }: Version): boolean {
  const { labels = {}, deletionTimestamp } = metadata;
  const goes = labels[LABELS.run] !== undefined && labels[LABELS.doNotDelete] === undefined;
  return goes && deletionTimestamp === undefined;
}

// A pod has only the label.
function runOf({ runs }: OutsideRecord, { object: { metadata } }: Version): string | undefined {
  const label = metadata.labels?.[LABELS.run];
  const said = metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId];
  return said ?? runs.find(({ workflowId }) => crc32(workflowId) === label)?.workflowId;
}

// A sync that ends by itself has closed and removed everything before; after one that was ended from outside somebody
// has to come and do it.
export function endedForLong(record: OutsideRecord, run: string): RunSeen | undefined {
  const { time, going } = lastMoment(record);
  const ended = closedBy(record, run, time);
  const status = ended?.closed?.status ?? '';
  const byItself = ['COMPLETED', 'FAILED', 'CANCELLED'].includes(status);
  return going && !byItself ? closedBy(record, run, time - TIDIED_UP_WITHIN_MS) : ended;
}
