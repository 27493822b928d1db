// What the doctor thinks of Temporal and of our own processes, as far as they can be seen.
import type { PersistentVolumeClaim } from '../../../api/kubernetes.ts';
import type { ReplicationSource } from '../../../api/replication-source.ts';
import { endangered, guardWaits } from '../../../domain/guard.ts';
import { SEARCH_ATTRIBUTES, sourceScheduleId } from '../../../domain/messages.ts';
import { wantedSchedule } from '../../../domain/schedule.ts';
import { age } from '../print/amounts.ts';
import { bad, ok } from './check.ts';
import type { Check } from './check.ts';
import type { Deployment } from './cluster-judgement.ts';

const DAY_MS = 24 * 60 * 60_000;
const SHORT_RETENTION_MS = 3 * DAY_MS;

export function judgeRetention(namespace: string, retentionMs: number): Check {
  const name = 'Temporal namespace';
  const found = `${namespace} remembers ended syncs for ${age(retentionMs)}`;
  if (retentionMs >= SHORT_RETENTION_MS) return ok(name, found);
  return bad(name, 'warning', {
    found,
    doWhat: `For a longer history: temporal operator namespace update --namespace ${namespace} --retention 168h`,
  });
}

export function judgeSearchAttributes(namespace: string, known: readonly string[]): Check {
  const missing = SEARCH_ATTRIBUTES.filter((name) => !known.includes(name));
  if (missing.length === 0) return ok('search attributes', `all ${SEARCH_ATTRIBUTES.length} are there`);
  return bad('search attributes', 'failed', {
    found: `namespace ${namespace} lacks ${missing.join(', ')}`,
    doWhat: `The controller makes them when it may; else: temporal operator search-attribute create --namespace ${namespace} ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`,
  });
}

/** `served`: uid of kube-system of the cluster that the namespace says it serves. */
export function judgeServedCluster(
  namespace: string,
  served: string | undefined,
  ours: string | undefined,
): Check {
  const name = 'cluster of namespace';
  if (served === undefined)
    return bad(name, 'warning', {
      found: `Temporal namespace ${namespace} serves no cluster yet`,
      doWhat: 'Start a worker or the controller; the first one writes it down.',
    });
  if (ours === undefined) return ok(name, `Temporal namespace ${namespace} serves a cluster`);
  if (served === ours) return ok(name, `Temporal namespace ${namespace} serves this cluster`);
  return bad(name, 'failed', {
    found: `Temporal namespace ${namespace} serves another cluster (uid ${served})`,
    doWhat: 'Use the Temporal namespace of this cluster: TEMPORAL_NAMESPACE, or --temporal-namespace.',
  });
}

export function judgeWorkers(workers: number, moverWorkers: number): Check {
  if (workers > 0 && moverWorkers > 0)
    return ok(
      'worker',
      `${workers} asked Temporal for steps in the last five minutes, ${moverWorkers} for movers`,
    );
  if (workers > 0)
    return bad('worker', 'warning', {
      found: 'no worker asks Temporal for movers',
      doWhat: 'That is well while each runs as many movers as it may; else look at its log.',
    });
  return bad('worker', 'failed', {
    found: 'no worker asks Temporal for work',
    doWhat: 'Start one, or look at its log: it needs the same Temporal address and namespace.',
  });
}

/** A new source may not have been seen yet. */
const SETTLED_MS = 30_000;

export function judgeController(
  sources: readonly ReplicationSource[],
  schedules: readonly string[],
  now: number,
): Check {
  const wanted = sources.filter((source) => wantedSchedule(source) !== undefined);
  const settled = wanted.filter(
    ({ metadata }) => now - Date.parse(metadata.creationTimestamp ?? '') > SETTLED_MS,
  );
  const standing = new Set(schedules);
  const missing = settled.map(idOf).filter((id) => !standing.has(id));
  if (missing.length > 0)
    return bad('controller', 'failed', {
      found: `${missing.length} source(s) have no schedule in Temporal, such as ${missing[0]}`,
      doWhat: 'Start the controller, or look at its log.',
    });
  if (settled.length > 0) return ok('controller', `each of ${settled.length} sources has its schedule`);
  return bad('controller', 'unknown', {
    found: 'there is no source, whose schedule would tell of it',
    doWhat: 'Create a source; its schedule follows within seconds.',
  });
}

function idOf({ metadata: { namespace = '', name } }: ReplicationSource): string {
  return sourceScheduleId({ namespace, name });
}

/** How long a guard that is alive may take, beyond the deadline. */
const GUARD_LATE_MS = 10_000;

// Only a deadline that has passed tells of the guard: while all goes well, it does nothing.
export function judgeGuard(pvcs: readonly PersistentVolumeClaim[], now: number): Check {
  const overdue = pvcs.filter(({ metadata }) => {
    const { uid = '', annotations = {}, name } = metadata;
    const danger = endangered({ uid, annotations }, name);
    if (danger?.deadline === undefined) return false;
    return (
      guardWaits(danger, { now: now - GUARD_LATE_MS, stoodForMs: 0, boundMs: Number.MAX_SAFE_INTEGER }) === 0
    );
  });
  const [first] = overdue;
  if (first === undefined) return ok('guard', 'no application stands still beyond its deadline');
  return bad('guard', 'failed', {
    found: `PersistentVolumeClaim ${first.metadata.namespace}/${first.metadata.name} is beyond its deadline, and nobody has let its application go`,
    doWhat: 'Let the application go on by hand, and start the guard.',
  });
}

const PROCESSES = ['worker', 'controller', 'guard'] as const;

/** The Deployments of the chart, where there are any. */
export function judgeDeployments(deployments: readonly Deployment[]): readonly Check[] {
  return PROCESSES.flatMap((process): readonly Check[] => {
    const ours = deployments.filter(
      ({ metadata: { labels = {} } }) =>
        labels['app.kubernetes.io/name'] === 'stillpoint' &&
        labels['app.kubernetes.io/component'] === process,
    );
    return ours.map(({ metadata, spec, status }) => {
      const [ready, wanted] = [status?.readyReplicas ?? 0, spec?.replicas ?? 1];
      const found = `Deployment ${metadata.namespace}/${metadata.name}: ${ready} of ${wanted} replicas are ready`;
      if (ready > 0) return ok(process, found);
      const doWhat = `kubectl -n ${metadata.namespace} describe deployment ${metadata.name}`;
      return bad(process, 'failed', { found, doWhat });
    });
  });
}
