// Invariants 7 and 8: what the movers' pods say.
import type { Pod } from '../../../api/kubernetes.ts';
import { LABELS } from '../../../domain/names.ts';
import { livesOf, nameOf, unseenBetween } from '../scenario-record.ts';
import type { Life, OutsideRecord, Version } from '../scenario-record.ts';
import { violation } from './violation.ts';
import type { Violation } from './violation.ts';

/** 7: mover pods of one source or destination never run at the same time. */
export function oneMoverAtATime(record: OutsideRecord): readonly Violation[] {
  const running = moversIn(record).flatMap((life) => runningTimeOf(life) ?? []);
  return running.flatMap((one) =>
    running
      .filter(
        (other) => other.source === one.source && other.from.at > one.from.at && other.from.at < one.until,
      )
      .map((other) =>
        violation(7, other.from, `runs beside ${nameOf(one.from)}, which does until version ${one.until}`),
      ),
  );
}

function moversIn(record: OutsideRecord): readonly Life<'pods'>[] {
  return livesOf(record, 'pods').filter(
    ([{ object }]) =>
      object.metadata.labels?.[LABELS.cleanup] !== undefined &&
      object.metadata.labels['job-name'] !== undefined,
  );
}

function runningTimeOf(life: Life<'pods'>) {
  const from = life.find(({ object, gone }) => !gone && stateOf(object)?.running !== undefined);
  if (from === undefined) return undefined;
  const end = life.find(({ at, object, gone }) => at > from.at && (gone || hasEnded(object)));
  const source = from.object.metadata.labels?.[LABELS.cleanup];
  return { source, from, until: end?.at ?? Number.POSITIVE_INFINITY };
}

function stateOf({ status }: Pod) {
  return status?.containerStatuses?.[0]?.state;
}

function hasEnded(pod: Pod): boolean {
  const { phase } = pod.status ?? {};
  return phase === 'Succeeded' || phase === 'Failed' || stateOf(pod)?.terminated !== undefined;
}

// 20 and 21: the snapshot is saved, and only forget or prune has failed (docs/movers/restic.md).
const MOVED = [0, 20, 21];

/** 8: lastSyncTime changes only after a mover of this source or destination has ended well since it last did. */
export function successMeansMoved(record: OutsideRecord): readonly Violation[] {
  return [...livesOf(record, 'sources'), ...livesOf(record, 'destinations')].flatMap((life) =>
    life.flatMap((version, index) => {
      const time = version.object.status?.lastSyncTime;
      const before = life[index - 1]?.object.status?.lastSyncTime;
      if (time === undefined || time === before) return [];
      const since = life.find(({ object }) => object.status?.lastSyncTime === before)?.at;
      if (moved(record, version.object.metadata.uid, [before === undefined ? 0 : (since ?? 0), version.at]))
        return [];
      const what = `has lastSyncTime ${time} after ${before}, and no mover of it has ended well in between`;
      return [violation(8, version, what)];
    }),
  );
}

/**
 * By the pod's exit code; by the Job's own count where the pod went before anybody saw it end. When neither could be
 * seen because the watches were interrupted, nobody is blamed.
 */
function moved(record: OutsideRecord, source: string | undefined, span: readonly [number, number]): boolean {
  const within = (version: Version | undefined) =>
    version !== undefined && version.at > span[0] && version.at < span[1];
  const ofSource = ([{ object }]: Life<'pods'> | Life<'jobs'>) =>
    object.metadata.labels?.[LABELS.cleanup] === source;
  const byPod = moversIn(record)
    .filter(ofSource)
    .some((life) =>
      within(life.find(({ object }) => MOVED.includes(stateOf(object)?.terminated?.exitCode ?? -1))),
    );
  const byJob = livesOf(record, 'jobs')
    .filter(ofSource)
    .some((life) => within(life.find(({ object }) => (object.status?.succeeded ?? 0) > 0)));
  return byPod || byJob || unseenBetween(record, 'pods', span) || unseenBetween(record, 'jobs', span);
}
