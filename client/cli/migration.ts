// From VolSync to Stillpoint: what is there, and what will change for each source. Nothing of a source has to be
// edited: kinds, annotations, Secrets and repositories are the same.
import type { Lease, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { ReplicationDestination } from '../../api/replication-destination.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import type { SyncLimits } from '../../api/sync.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import { planSource } from '../../domain/plan.ts';
import { moverInSpec, triggerKind, wantedSchedule } from '../../domain/schedule.ts';
import type { Deployment } from './doctor/cluster-judgement.ts';

export interface Found {
  readonly sources: readonly ReplicationSource[];
  readonly destinations: readonly ReplicationDestination[];
  readonly pvcs: readonly PersistentVolumeClaim[];
  /** Held by VolSync's operator now. */
  readonly lease: Lease | undefined;
  readonly deployments: readonly Deployment[];
}

export interface Migration {
  readonly operators: readonly Deployment[];
  readonly objects: readonly MigratedObject[];
  /** Objects that VolSync is synchronising at this moment. */
  readonly busy: readonly string[];
  readonly steps: readonly string[];
}

export interface MigratedObject {
  readonly kind: 'source' | 'destination';
  readonly name: string;
  readonly mover: string;
  readonly verdict: 'served' | 'refused' | 'foreign';
  readonly remarks: readonly string[];
}

export function planMigration(found: Found): Migration {
  const operators = found.deployments.filter(isOperator);
  const pvcOf = (source: ReplicationSource) =>
    found.pvcs.find(
      ({ metadata }) =>
        metadata.namespace === source.metadata.namespace && metadata.name === source.spec?.sourcePVC,
    );
  const objects = [
    ...found.sources.map((source) => judgeSource(source, pvcOf(source))),
    ...found.destinations.map(judgeDestination),
  ];
  const busy = [...found.sources, ...found.destinations]
    .filter(({ status }) => status?.lastSyncStartTime !== undefined)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return { operators, objects, busy, steps: stepsFor(found, operators, objects) };
}

function isOperator({ spec }: Deployment): boolean {
  const containers = spec?.template?.spec?.containers ?? [];
  return containers.some(({ image = '' }) => /(^|\/)volsync(:|@|$)/.test(image));
}

// Only whether the source is refused is asked; how long anything may take is the worker's.
const ANY_LIMITS: SyncLimits = {
  overdueAfterMs: 1,
  freezeBoundMs: 1,
  copyHeartbeatMs: 1,
  moverHeartbeatMs: 1,
  moverAttempts: 1,
  moverRetryMs: 1,
  moverDeadlineMs: 1,
  moverPendingMs: 1,
};

function judgeSource(source: ReplicationSource, pvc: PersistentVolumeClaim | undefined): MigratedObject {
  const name = `${source.metadata.namespace}/${source.metadata.name}`;
  const mover = moverInSpec(source.spec ?? {});
  const object = {
    kind: 'source',
    name,
    mover: source.spec?.syncthing === undefined ? mover : 'syncthing',
  } as const;
  if (mover === 'foreign') return { ...object, verdict: 'foreign', remarks: ['spec.external: not touched'] };
  const decision = planSource(source, ANY_LIMITS);
  const refusal = 'refusal' in decision ? decision.refusal.message : refusalOf(source, pvc);
  if (refusal !== undefined) return { ...object, verdict: 'refused', remarks: [refusal] };
  return { ...object, verdict: 'served', remarks: remarksOn(source, pvc) };
}

function refusalOf(source: ReplicationSource, pvc: PersistentVolumeClaim | undefined): string | undefined {
  if (pvc?.spec?.volumeMode === 'Block') return 'its pvc is a block volume, which no mover of ours carries';
  const refusal = wantedSchedule(source)?.refusal;
  return refusal === undefined ? undefined : `its times cannot be read: ${refusal}`;
}

function remarksOn(source: ReplicationSource, pvc: PersistentVolumeClaim | undefined): readonly string[] {
  const paused = source.spec?.paused === true;
  const startsAtOnce =
    !paused && source.status?.lastSyncTime === undefined && triggerKind(source) === 'schedule';
  return [
    ...(paused ? ['paused: stays paused'] : []),
    ...(startsAtOnce ? [STARTS_AT_ONCE] : []),
    ...remarksOnConversation(pvc?.metadata.annotations ?? {}),
  ];
}

const STARTS_AT_ONCE =
  'never synchronised: its first sync starts at once (stillpoint.dev/first-sync: wait keeps it back)';

function remarksOnConversation(annotations: Annotations): readonly string[] {
  const status = LEFT_OVERS[annotations[ANNOTATIONS.latestCopyStatus] ?? ''];
  const asks =
    annotations[ANNOTATIONS.useCopyTrigger] === undefined
      ? []
      : [
          'asks its application: a script that waits for Completed alone must heed Failed, too (docs/protocol.md)',
        ];
  return status === undefined ? asks : [...asks, status];
}

const LEFT_OVERS: Readonly<Record<string, string>> = {
  WaitingForTrigger: 'its application is being asked by VolSync: the question is asked anew',
  InProgress: 'its application may stand still for a copy of VolSync: let it go on before you migrate',
};

function judgeDestination(destination: ReplicationDestination): MigratedObject {
  const name = `${destination.metadata.namespace}/${destination.metadata.name}`;
  const mover = moverInSpec(destination.spec ?? {});
  const object = { kind: 'destination', name, mover } as const;
  if (mover === 'foreign') return { ...object, verdict: 'foreign', remarks: ['spec.external: not touched'] };
  const remarks = mover === 'none' ? ['it has no mover that we serve'] : [];
  return { ...object, verdict: mover === 'none' ? 'refused' : 'served', remarks };
}

function stepsFor(
  { lease }: Found,
  operators: readonly Deployment[],
  objects: readonly MigratedObject[],
): readonly string[] {
  const unserved = objects.filter(({ verdict }) => verdict === 'refused');
  const scale = operators.map(
    ({ metadata: { namespace, name } }) => `kubectl -n ${namespace} scale deployment ${name} --replicas=0`,
  );
  return [
    ...(unserved.length > 0
      ? [
          `decide what becomes of ${unserved.length} object(s) that are refused: nobody serves them afterwards`,
        ]
      : []),
    ...scale.map((text) => `stop VolSync's operator: ${text}`),
    ...(lease !== undefined && operators.length === 0
      ? [
          `stop VolSync's operator: it runs, as its Lease in namespace ${lease.metadata.namespace} says, but not as a Deployment that is visible`,
        ]
      : []),
    'apply our CustomResourceDefinitions, which add status.lastCopy: kubectl apply --server-side -f deploy/crds',
    'start Stillpoint: helm install stillpoint deploy/helm/stillpoint',
    'look: kubectl stillpoint doctor, kubectl stillpoint status -A',
  ];
}

/** What is the same for all. */
export const CHANGES: readonly string[] = [
  'ReplicationSources, ReplicationDestinations, Secrets, repositories, caches and schedules stay as they are.',
  'An application is let go at the cut of its image, not when the image is ready (stillpoint.dev/release-at: ready keeps it).',
  'A freeze is bounded: release-by stands on the pvc, and after it latest-copy-status says Failed, which VolSync does not know.',
  'A failed mover is tried again with the same copy; after that the sync fails, and waits for its next time.',
  'Metrics volsync_* keep their names and labels.',
];
