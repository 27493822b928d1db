// The moments of one sync as an outside watcher sees them: when the change arrived over a watch, by the one
// monotonic clock of this process. (Times in objects have whole seconds.)
import type { ObjectRef, PersistentVolumeClaim, VolumeSnapshot } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';

export const MOMENTS = [
  'due',
  'waiting',
  'triggered',
  'accepted',
  'created',
  'cut',
  'completed',
  'reported',
] as const;
export type Moment = (typeof MOMENTS)[number];
/** `performance.now()` of each moment that has been reached. */
export type Moments = Readonly<Partial<Record<Moment, number>>>;

export interface Observed {
  readonly cluster: Cluster;
  readonly pvc: ObjectRef;
  readonly source: ObjectRef;
  /** Of `copy-trigger` and of the manual sync: one word for both in each round. */
  readonly tag: string;
}

export interface Observer {
  readonly moments: Moments;
  mark(moment: Moment): void;
  reached(moment: Moment): Promise<void>;
  end(): void;
}

const PATIENCE_MS = 120_000;

export function observe(observed: Observed): Observer {
  const moments: Partial<Record<Moment, number>> = {};
  const reached = Object.fromEntries(
    MOMENTS.map((moment) => [moment, Promise.withResolvers<void>()]),
  ) as Record<Moment, PromiseWithResolvers<void>>;
  const mark = (moment: Moment) => {
    moments[moment] ??= performance.now();
    reached[moment].resolve();
  };
  const stop = subscribe(observed, mark);
  return {
    moments,
    mark,
    end: stop,
    reached: (moment) => inTime(reached[moment].promise, () => inVain(moment, moments, observed)),
  };
}

function subscribe({ cluster, pvc, source, tag }: Observed, mark: (moment: Moment) => void): () => void {
  const isOurs = (ref: ObjectRef, wanted: ObjectRef) =>
    ref.namespace === wanted.namespace && ref.name === wanted.name;
  const stops = [
    cluster.pvcs.watch().subscribe((ref, found) => {
      if (found && isOurs(ref, pvc)) for (const moment of momentsOfPvc(found, tag)) mark(moment);
    }),
    cluster.volumeSnapshots.watch().subscribe((ref, found) => {
      if (found && ref.namespace === pvc.namespace)
        for (const moment of momentsOfSnapshot(found, pvc)) mark(moment);
    }),
    cluster.sources.watch().subscribe((ref, found) => {
      if (isOurs(ref, source) && isReported(found, tag)) mark('reported');
    }),
  ];
  return () => stops.forEach((each) => each());
}

function momentsOfPvc({ metadata }: PersistentVolumeClaim, tag: string): Moment[] {
  const annotations = metadata.annotations ?? {};
  const status = annotations[ANNOTATIONS.latestCopyStatus];
  if (status === 'WaitingForTrigger')
    return annotations[ANNOTATIONS.copyTrigger] === tag ? ['waiting', 'triggered'] : ['waiting'];
  if (status === 'InProgress') return ['accepted'];
  return status === 'Completed' && annotations[ANNOTATIONS.latestCopyTrigger] === tag ? ['completed'] : [];
}

function momentsOfSnapshot({ spec, status }: VolumeSnapshot, pvc: ObjectRef): Moment[] {
  if (spec?.source.persistentVolumeClaimName !== pvc.name) return [];
  return status?.creationTime === undefined ? ['created'] : ['created', 'cut'];
}

function isReported(source: ReplicationSource | undefined, tag: string): boolean {
  return source?.status?.lastManualSync === tag;
}

async function inTime(promise: Promise<void>, complaint: () => string): Promise<void> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(complaint())), PATIENCE_MS);
  try {
    await Promise.race([promise, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function inVain(moment: Moment, moments: Moments, { cluster, pvc, source, tag }: Observed): string {
  const seen = {
    moments: Object.keys(moments),
    pvc: cluster.pvcs.watch().get(pvc)?.metadata.annotations,
    source: cluster.sources.watch().get(source)?.status,
  };
  return `Round ${tag} waited ${PATIENCE_MS / 1000} s in vain for "${moment}": ${JSON.stringify(seen)}`;
}
