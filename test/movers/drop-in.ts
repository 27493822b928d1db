// Everything that a spec leads to, described from it by the same functions that the activities use: what a field of a
// manifest changes in it is what the field does.
import type { VolumeSnapshot } from '../../api/kubernetes.ts';
import type { ReplicationDestination } from '../../api/replication-destination.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import type { Owner, OwnerKind, OwnerObject } from '../../api/sync.ts';
import { cloneOf, restoredFrom, snapshotOf } from '../../domain/copy.ts';
import { planDestination, pvcGoes } from '../../domain/destination-plan.ts';
import { destinationPvc, imageOf } from '../../domain/destination-volume.ts';
import { planSource } from '../../domain/plan.ts';
import { wantedSchedule } from '../../domain/schedule.ts';
import { syncRequest } from '../../domain/sync-request.ts';
import { moverOf } from '../../movers/index.ts';
import { cachePvc, moverJob } from '../../movers/job.ts';
import type { Mover } from '../../movers/mover.ts';
import { needsOf } from '../../movers/needs.ts';
import { serviceOf } from '../../movers/service.ts';

export type Spec = Readonly<Record<string, unknown>>;

const LIMITS = {
  overdueAfterMs: 1,
  freezeBoundMs: 1,
  copyHeartbeatMs: 1,
  moverHeartbeatMs: 1,
  moverAttempts: 1,
  moverRetryMs: 1,
  moverDeadlineMs: 1,
  moverPendingMs: 1,
};
const CREATED = '2026-07-01T00:00:00Z';
const NOW = Date.parse('2026-07-10T00:00:00Z');
const PVC = { name: 'data-pvc', storageClassName: 'plain', accessModes: ['ReadWriteOnce'], storage: '1Gi' };

/** Never throws: what cannot work is part of what a spec leads to. */
export function ledToBy(kind: OwnerKind, spec: Spec) {
  const metadata = { namespace: 'shop', name: 'orders', uid: 'uid-1', creationTimestamp: CREATED };
  const object = { apiVersion: 'volsync.backube/v1alpha1', kind, metadata, spec } as OwnerObject;
  const owner: Owner = { kind, namespace: 'shop', name: 'orders', uid: 'uid-1' };
  const { cron, paused } = wantedSchedule(object) ?? {};
  const starts = { cron, paused, request: syncRequest(object) };
  const sides = kind === 'ReplicationSource' ? bySource(object, owner) : byDestination(object, owner);
  return { starts, ...sides };
}

function bySource(object: OwnerObject, owner: Owner) {
  const decision = planSource(object as ReplicationSource, LIMITS);
  if ('refusal' in decision) return decision;
  const { mover: name, copyMethod, pvcName, volumeOptions: options } = decision.plan;
  const order = { source: owner, run: 'run', name: 'copy', pvc: { ...PVC, name: pvcName }, options };
  const image = { metadata: { name: 'copy' }, status: { restoreSize: '3Gi' } } as VolumeSnapshot;
  const copy =
    copyMethod === 'Snapshot'
      ? { snapshot: snapshotOf(order), pvc: restoredFrom(order, image) }
      : copyMethod === 'Clone' && { pvc: cloneOf(order) };
  const mover = moverOf(name, owner.kind, object.spec ?? {});
  return {
    copyMethod,
    copied: pvcName,
    copy,
    ...byMover(mover, owner, copyMethod === 'Direct' ? pvcName : 'copy'),
  };
}

function byDestination(object: OwnerObject, owner: Owner) {
  const decision = planDestination(object as ReplicationDestination, LIMITS);
  if ('refusal' in decision) return decision;
  const { mover: name, copyMethod, volume, volumeSnapshotClassName } = decision.plan;
  const spec = (object as ReplicationDestination).spec ?? {};
  const received = volume.kind === 'dynamic' ? destinationPvc(owner, volume) : volume.name;
  const order = { destination: owner, run: 'run', pvcName: volume.name, time: NOW, volumeSnapshotClassName };
  const image = copyMethod === 'Snapshot' && imageOf(JSON.parse(JSON.stringify(order)) as typeof order);
  const goes = { pvc: pvcGoes(spec, name), cache: spec.restic?.cleanupCachePVC === true };
  return { received, image, goes, ...byMover(moverOf(name, owner.kind, spec), owner, volume.name) };
}

function byMover(mover: Mover, owner: Owner, claimName: string) {
  const { secret, cache, service, problem } = mover;
  const named = secret.kind === 'given' ? secret.name : 'own';
  const job = moverJob({
    owner,
    run: 'run',
    mover,
    input: { secret: { name: named, keys: [] }, status: {}, creationTime: CREATED, now: NOW },
    image: 'mover',
    place: { privileged: false, restricted: false, proxies: {}, debug: false },
    data: { claimName, readOnly: false },
    attempt: 1,
    deadlineSeconds: 60,
  });
  const { template } = job.spec as unknown as { template: { metadata: object; spec: PodSpec } };
  const [container] = template.spec.containers;
  const environment = Object.fromEntries(
    (container?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  );
  return {
    secret,
    problem,
    pod: { ...template.metadata, ...template.spec, containers: undefined },
    container: { ...container, env: undefined },
    environment,
    needs: needsOf(mover, 'spec.mover').map(({ kind, name }) => `${kind} ${name}`),
    cache:
      cache &&
      cachePvc(owner, cache, { metadata: { name: 'copy' }, spec: { accessModes: ['ReadWriteOnce'] } }),
    service: service && serviceOf(mover, service, owner),
  };
}

interface PodSpec {
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  }[];
}
