// Waits for many pvcs at once.
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';

export interface Expectation {
  /** For the complaint. */
  readonly what: string;
  readonly fulfilled: (annotations: Readonly<Record<string, string>>, pvc: PersistentVolumeClaim) => boolean;
  readonly withinMs: number;
  /** Told from time to time how many there are. */
  readonly progress?: (count: number) => void;
}

/** Resolves with the moment (`performance.now()`) at which a watch has shown every one of them so. */
export async function everyPvc(
  cluster: Cluster,
  pvcs: readonly ObjectRef[],
  { what, fulfilled, withinMs, progress }: Expectation,
): Promise<number> {
  const missing = new Set(pvcs.map(keyOf));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const look = (ref: ObjectRef, pvc: PersistentVolumeClaim | undefined) => {
    if (pvc && fulfilled(pvc.metadata.annotations ?? {}, pvc)) missing.delete(keyOf(ref));
    if (missing.size === 0) resolve(performance.now());
  };
  const watch = cluster.pvcs.watch();
  const stop = watch.subscribe(look);
  for (const ref of pvcs) look(ref, watch.get(ref));
  const complaint = () =>
    new Error(`${missing.size} of ${pvcs.length} pvcs were not ${what} within ${withinMs / 1000} s.`);
  const limit = setTimeout(() => reject(complaint()), withinMs);
  const telling = setInterval(() => progress?.(pvcs.length - missing.size), 15_000);
  try {
    return await promise;
  } finally {
    stop();
    clearTimeout(limit);
    clearInterval(telling);
  }
}

export const isWaiting: Expectation['fulfilled'] = (annotations) =>
  annotations[ANNOTATIONS.latestCopyStatus] === 'WaitingForTrigger';

export function isCompleted(trigger: string): Expectation['fulfilled'] {
  return (annotations) =>
    annotations[ANNOTATIONS.latestCopyStatus] === 'Completed' &&
    annotations[ANNOTATIONS.latestCopyTrigger] === trigger;
}

function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}
