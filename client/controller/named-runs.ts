// Which syncs the cluster speaks of: by an open window, by an object of theirs, or by the status of their source.
import type { KubernetesObject } from '../../api/kubernetes.ts';
import { runOfObject, runsInWindow, sourceOfRun } from '../../domain/ended-sync.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { saysSynchronizing } from './end-run.ts';
import type { Runs } from './runs.ts';

/** A sync by its workflow id, and where it is spoken of. */
export interface NamedRun {
  readonly namespace: string;
  readonly run: string;
}

/** All of them. Temporal is only asked for sources that say nothing but that they synchronise. */
export async function everyNamedRun(cluster: Cluster, runs: Runs): Promise<readonly NamedRun[]> {
  const named = runsInSight(cluster);
  const sources = new Set(named.map(({ run }) => JSON.stringify(sourceOfRun(run))));
  for (const { metadata } of cluster.sources.watch().list().filter(saysSynchronizing)) {
    const { namespace = '', name } = metadata;
    if (sources.has(JSON.stringify({ namespace, name }))) continue;
    const latest = (await runs.ofSchedule(sourceScheduleId({ namespace, name }))).at(-1);
    if (latest !== undefined) named.push({ namespace, run: latest });
  }
  return named;
}

/** Of the syncs that Temporal says were ended, those that the cluster still speaks of; a source's word does not count for `reported` ones. */
export function stillNamed(
  cluster: Cluster,
  ended: readonly string[],
  reported: ReadonlySet<string>,
): readonly NamedRun[] {
  return ended.flatMap((run) => {
    const ref = sourceOfRun(run);
    if (ref === undefined) return [];
    const { namespace } = ref;
    const source = reported.has(run) ? undefined : cluster.sources.watch().get(ref);
    const bySource = source !== undefined && saysSynchronizing(source);
    return bySource || runsInSight(cluster, namespace).some((named) => named.run === run)
      ? [{ namespace, run }]
      : [];
  });
}

function runsInSight({ pvcs, jobs, volumeSnapshots }: Cluster, namespace?: string): NamedRun[] {
  const all = pvcs.watch().list(namespace);
  const objects: readonly KubernetesObject[] = [
    ...jobs.watch().list(namespace),
    ...volumeSnapshots.watch().list(namespace),
    ...all,
  ];
  return [
    ...all.flatMap((pvc) => runsInWindow(pvc).map((run) => namedBy(pvc, run))),
    ...objects.flatMap((object) => {
      const run = runOfObject(object);
      return run === undefined ? [] : [namedBy(object, run)];
    }),
  ];
}

function namedBy({ metadata }: KubernetesObject, run: string): NamedRun {
  return { namespace: metadata.namespace ?? '', run };
}
