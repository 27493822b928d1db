// What an outside watcher recorded of one namespace: every version of its objects in the order in which the API
// server wrote them, the stretches that nobody saw, and what Temporal and the logs said. Pure; judged by invariants.ts.
import type {
  Job,
  KubernetesObject,
  Namespace,
  PersistentVolumeClaim,
  Pod,
  VolumeSnapshot,
} from '../../api/kubernetes.ts';
import type { ReplicationDestination } from '../../api/replication-destination.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';

/** The recorded kinds; Secrets are not among them, only their values. */
export interface RecordedKinds {
  readonly pvcs: PersistentVolumeClaim;
  readonly volumeSnapshots: VolumeSnapshot;
  readonly jobs: Job;
  readonly pods: Pod;
  readonly sources: ReplicationSource;
  readonly destinations: ReplicationDestination;
  readonly events: KubernetesObject;
  readonly namespaces: Namespace;
}
export type RecordedKind = keyof RecordedKinds;

/** One version of one object. */
export interface Version<T extends KubernetesObject = KubernetesObject> {
  readonly kind: RecordedKind;
  /** Its resourceVersion: one counter for all kinds, because one etcd holds them all. */
  readonly at: number;
  /** When the watcher got to know it, milliseconds since the epoch. */
  readonly seenAt: number;
  readonly object: T;
  /** The object is deleted; `object` is how it was last. */
  readonly gone: boolean;
}

/** The watch of this kind was interrupted for longer than the API server remembers: versions in between are unknown. */
export interface Gap {
  readonly kind: RecordedKind;
  readonly after: number;
  readonly until: number;
}

/** One execution of a sync's workflow; one that continued as new is followed by another. */
export interface RunSeen {
  readonly workflowId: string;
  readonly startedAt: number;
  /** Absent while it runs. */
  readonly closed?: { readonly at: number; readonly status: string };
  /** Its history, payloads decoded. */
  readonly history: string;
}

export interface OutsideRecord {
  readonly namespace: string;
  /** Sorted by `at`. */
  readonly versions: readonly Version[];
  readonly gaps: readonly Gap[];
  readonly runs: readonly RunSeen[];
  readonly secrets: readonly { readonly name: string; readonly value: string }[];
  /** Lines of our own processes that speak of the namespace. */
  readonly logs: readonly { readonly program: string; readonly line: string }[];
  readonly exemptions: readonly Exemption[];
}

/** A test that breaks an invariant on purpose, acting as a user, says so. */
export interface Exemption {
  readonly invariant: number;
  /** As violations name it: `PersistentVolumeClaim data-pvc`. */
  readonly object: string;
  readonly because: string;
}

/** All versions of one object, in order. */
export type Life<K extends RecordedKind> = readonly [
  Version<RecordedKinds[K]>,
  ...Version<RecordedKinds[K]>[],
];

/** One life for each uid: an object created anew under the same name is another one. */
export function livesOf<K extends RecordedKind>(record: OutsideRecord, kind: K): readonly Life<K>[] {
  const lives = new Map<string, [Version<RecordedKinds[K]>, ...Version<RecordedKinds[K]>[]]>();
  for (const version of record.versions) {
    if (!isOf(version, kind)) continue;
    const uid = version.object.metadata.uid ?? version.object.metadata.name;
    const life = lives.get(uid);
    if (life === undefined) lives.set(uid, [version]);
    else life.push(version);
  }
  return [...lives.values()];
}

function isOf<K extends RecordedKind>(version: Version, kind: K): version is Version<RecordedKinds[K]> {
  return version.kind === kind;
}

/** The object as it stood at that version; undefined before its creation and after its end. */
export function standingAt<K extends RecordedKind>(
  life: Life<K>,
  at: number,
): Version<RecordedKinds[K]> | undefined {
  const last = life.findLast((version) => version.at <= at);
  return last === undefined || last.gone ? undefined : last;
}

/** Whether versions of this kind between the two may be missing. */
export function unseenBetween({ gaps }: OutsideRecord, kind: RecordedKind, [after, until]: Span): boolean {
  return gaps.some((gap) => gap.kind === kind && gap.after < until && gap.until > after);
}

export type Span = readonly [after: number, until: number];

/** The moment before the namespace began to go, from which on nobody promises anything; else the end of the record. */
export function lastMoment({ namespace, versions }: OutsideRecord): {
  readonly at: number;
  readonly time: number;
  readonly going: boolean;
} {
  const going = versions.find(
    ({ kind, object: { metadata } }) =>
      kind === 'namespaces' && metadata.name === namespace && metadata.deletionTimestamp !== undefined,
  );
  if (going === undefined)
    return { at: Number.POSITIVE_INFINITY, time: Number.POSITIVE_INFINITY, going: false };
  const deleted = Date.parse(going.object.metadata.deletionTimestamp ?? '');
  // The API server says only the second.
  return { at: going.at - 1, time: Math.min(going.seenAt, deleted + 999), going: true };
}

/** Whether all executions of the sync had ended by then; false for one that Temporal does not know. */
export function closedBy(record: OutsideRecord, workflowId: string, time: number): RunSeen | undefined {
  const executions = record.runs.filter((run) => run.workflowId === workflowId);
  const latest = executions.toSorted((one, other) => one.startedAt - other.startedAt).at(-1);
  return latest?.closed !== undefined && latest.closed.at < time ? latest : undefined;
}

/** What violations call an object. */
export function nameOf({ object: { metadata }, kind }: Version): string {
  return `${KIND_NAMES[kind]} ${metadata.name}`;
}

const KIND_NAMES: Readonly<Record<RecordedKind, string>> = {
  pvcs: 'PersistentVolumeClaim',
  volumeSnapshots: 'VolumeSnapshot',
  jobs: 'Job',
  pods: 'Pod',
  sources: 'ReplicationSource',
  destinations: 'ReplicationDestination',
  events: 'Event',
  namespaces: 'Namespace',
};
