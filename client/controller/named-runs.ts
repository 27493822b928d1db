// Which syncs the cluster speaks of: by an open window, by an object of theirs, or by the status of their source or
// destination.
import type { KubernetesObject } from '../../api/kubernetes.ts';
import { supersededImages } from '../../activities/destination-images.ts';
import { ownerOfRun, runOfObject, runsInWindow } from '../../domain/ended-sync.ts';
import { scheduleIdOf } from '../../domain/messages.ts';
import type { ScheduleOwner } from '../../domain/messages.ts';
import { ANNOTATIONS_OF_RUN } from '../../domain/names.ts';
import { ownerOf } from '../../domain/ownership.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { saysSynchronizing } from './end-run.ts';
import { everyObject, objectsOf } from './kept-kinds.ts';
import type { Runs } from './runs.ts';

/** A sync by its workflow id, and where it is spoken of. */
export interface NamedRun {
  readonly namespace: string;
  readonly run: string;
}

/** All of them. Temporal is only asked for objects that say nothing but that they synchronise. */
export async function everyNamedRun(cluster: Cluster, runs: Runs): Promise<readonly NamedRun[]> {
  const named = runsInSight(cluster);
  const owners = new Set(named.map(({ run }) => keyOfOwner(ownerOfRun(run))));
  for (const object of everyObject(cluster).filter(saysSynchronizing)) {
    const owner = ownerOf(object);
    if (owners.has(keyOfOwner(owner))) continue;
    const latest = (await runs.ofSchedule(scheduleIdOf(owner))).at(-1);
    if (latest !== undefined) named.push({ namespace: owner.namespace, run: latest });
  }
  return named;
}

/** Of the syncs that Temporal says were ended, those that the cluster still speaks of; a status' word does not count for `reported` ones. */
export function stillNamed(
  cluster: Cluster,
  ended: readonly string[],
  reported: ReadonlySet<string>,
): readonly NamedRun[] {
  return ended.flatMap((run) => {
    const owner = ownerOfRun(run);
    if (owner === undefined) return [];
    const { kind, namespace } = owner;
    const object = reported.has(run) ? undefined : objectsOf(cluster, kind).watch().get(owner);
    const byStatus = object !== undefined && saysSynchronizing(object);
    return byStatus || runsInSight(cluster, namespace).some((named) => named.run === run)
      ? [{ namespace, run }]
      : [];
  });
}

function runsInSight(cluster: Cluster, namespace?: string): NamedRun[] {
  const { pvcs, jobs, volumeSnapshots } = cluster;
  const all = pvcs.watch().list(namespace);
  const objects: readonly KubernetesObject[] = [
    ...jobs.watch().list(namespace),
    ...volumeSnapshots.watch().list(namespace),
    ...all,
  ];
  return [
    ...all.flatMap((pvc) => runsInWindow(pvc).map((run) => namedBy(pvc, run))),
    ...objects.flatMap((object) => named(object, runOfObject(object))),
    ...imagesInTheMaking(cluster, namespace),
  ];
}

// An image carries no label of its run, because it outlives it; until it is the latest one, it belongs to its run.
function imagesInTheMaking({ destinations, volumeSnapshots }: Cluster, namespace?: string): NamedRun[] {
  return destinations
    .watch()
    .list(namespace)
    .flatMap((destination) => {
      const standing = volumeSnapshots.watch().list(ownerOf(destination).namespace);
      return supersededImages(standing, destination);
    })
    .flatMap((image) => named(image, image.metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId]));
}

function named(object: KubernetesObject, run: string | undefined): NamedRun[] {
  return run === undefined ? [] : [namedBy(object, run)];
}

function namedBy({ metadata }: KubernetesObject, run: string): NamedRun {
  return { namespace: metadata.namespace ?? '', run };
}

function keyOfOwner(owner: ScheduleOwner | undefined): string {
  return owner === undefined ? '' : scheduleIdOf(owner);
}
