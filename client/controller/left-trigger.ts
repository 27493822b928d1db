// Looks for a trigger for which a source is to be synchronised at once (domain/left-trigger.ts).
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { viewOf } from '../../activities/window.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { isToServe, leftTrigger, stoodThereAtTheEnd } from '../../domain/left-trigger.ts';
import type { LeftTrigger } from '../../domain/left-trigger.ts';
import { annotationWrittenAt } from '../../domain/managed-fields.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';

/** Name of the start that a trigger asks for; undefined when there is none, or a sync of the source still runs. */
export async function findLeftTrigger(
  cluster: Cluster,
  source: ReplicationSource,
): Promise<string | undefined> {
  if (source.status?.lastSyncStartTime !== undefined) return undefined;
  const pvc = pvcOf(source);
  const left = triggerIn(cluster, pvc);
  if (left === undefined || !isToServe(left, source, sourcesOf(cluster, pvc))) return undefined;
  if (left.after === 'Failed') return left.request;
  return stoodThereAtTheEnd(source, await triggerWrittenAt(cluster, pvc)) ? left.request : undefined;
}

/** The sources to look at again because of this pvc. */
export function sourcesToServe(
  cluster: Cluster,
  pvc: PersistentVolumeClaim | undefined,
): readonly ReplicationSource[] {
  if (pvc === undefined || leftTrigger(viewOf(pvc), cluster.now()) === undefined) return [];
  return sourcesOf(cluster, { namespace: pvc.metadata.namespace ?? '', name: pvc.metadata.name });
}

function pvcOf({ metadata, spec }: ReplicationSource): ObjectRef {
  return { namespace: metadata.namespace ?? '', name: spec?.sourcePVC ?? '' };
}

function triggerIn(cluster: Cluster, ref: ObjectRef): LeftTrigger | undefined {
  const pvc = cluster.pvcs.watch().get(ref);
  return pvc && leftTrigger(viewOf(pvc), cluster.now());
}

function sourcesOf(cluster: Cluster, pvc: ObjectRef): readonly ReplicationSource[] {
  return cluster.sources
    .watch()
    .list(pvc.namespace)
    .filter(({ spec }) => spec?.sourcePVC === pvc.name);
}

// The watch keeps no managedFields, so this one is read live.
async function triggerWrittenAt(cluster: Cluster, ref: ObjectRef): Promise<number | undefined> {
  const pvc = await cluster.pvcs.get(ref);
  return pvc && annotationWrittenAt(pvc, ANNOTATIONS.copyTrigger);
}
