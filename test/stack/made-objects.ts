// What a sync makes while it runs, as a watch shows it.
import type {
  Job,
  KubernetesObject,
  PersistentVolumeClaim,
  Pod,
  VolumeSnapshot,
} from '../../api/kubernetes.ts';
import { LABELS } from '../../domain/names.ts';
import type { Application } from './world.ts';

export interface Made {
  readonly snapshots: VolumeSnapshot[];
  readonly pvcs: PersistentVolumeClaim[];
  readonly jobs: Job[];
}

/** Every object that a sync makes from now on, as it was first seen. */
export function recordMade({ world, namespace }: Pick<Application, 'world' | 'namespace'>): Made {
  const { volumeSnapshots, pvcs, jobs } = world.cluster;
  return {
    snapshots: firstSeen(volumeSnapshots.watch(), namespace),
    pvcs: firstSeen(pvcs.watch(), namespace),
    jobs: firstSeen(jobs.watch(), namespace),
  };
}

interface Watched<T> {
  subscribe(listener: (ref: { namespace?: string; name: string }, object: T | undefined) => void): () => void;
  list(namespace?: string): readonly T[];
}

function firstSeen<T extends KubernetesObject>(watch: Watched<T>, namespace: string): T[] {
  const seen: T[] = [];
  const known = new Set(watch.list(namespace).map(({ metadata }) => metadata.uid));
  watch.subscribe((ref, object) => {
    if (ref.namespace !== namespace || object === undefined || known.has(object.metadata.uid)) return;
    known.add(object.metadata.uid);
    if (object.metadata.labels?.[LABELS.run] !== undefined) seen.push(object);
  });
  return seen;
}

/** Name of the PVC that the mover reads. */
export function claimOf({ spec }: Job): string | undefined {
  const { volumes = [] } = (spec['template'] as Required<Pick<Pod, 'spec'>>).spec;
  return volumes.find(({ name }) => name === 'data')?.persistentVolumeClaim?.claimName;
}

/** How each copy says that it was made. */
export function consistenciesOf({ snapshots, pvcs }: Made): readonly (string | undefined)[] {
  return [...snapshots, ...pvcs].map(({ metadata }) => metadata.labels?.[LABELS.consistency]);
}
