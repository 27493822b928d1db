// Watches one sync from outside, as its application's owner could, and remembers when each thing was first
// seen. Nothing is polled, and what is asked for late has not been missed: InProgress may last 100 milliseconds.
import type { KubernetesObject, ObjectRef, Pod } from '../../api/kubernetes.ts';
import { ANNOTATIONS, readCopyWindow } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import { crc32, LABELS } from '../../domain/names.ts';
import type { Cluster, SharedWatch } from '../../kubernetes/cluster.ts';
import { DemoError } from './failure.ts';
import { NAMESPACE, PVC, SOURCE } from './seed.ts';

/** Something seen, and when. */
export interface Seen<T> {
  readonly at: Date;
  readonly what: T;
}

/** Resolves with the first answer that is not undefined, from now on. */
export type Watching<T> = Promise<Seen<T>>;

export interface Asked {
  /** Workflow id of the sync that asks. */
  readonly run: string;
  readonly windowId: string;
  readonly annotations: Annotations;
}

/** Call it before the sync is due: WaitingForTrigger, in a window that is not there yet. */
export function observeQuestion({ pvcs }: Cluster, ended: AbortSignal): Watching<Asked> {
  const before = readCopyWindow(annotationsOf(pvcs.watch().get(PVC)))?.id;
  return first(pvcs.watch(), ended, (pvc) => {
    const annotations = isThe(PVC, pvc) ? annotationsOf(pvc) : {};
    const window = readCopyWindow(annotations);
    const run = window?.runs[0];
    if (annotations[ANNOTATIONS.latestCopyStatus] !== 'WaitingForTrigger') return undefined;
    return run === undefined || window === undefined || window.id === before
      ? undefined
      : { run, windowId: window.id, annotations };
  });
}

/** Call it before the trigger is set. */
export function observeCopy(
  { pvcs, volumeSnapshots, pods, sources }: Cluster,
  { run, windowId, trigger }: Asked & { readonly trigger: string },
  ended: AbortSignal,
) {
  const ofPvc = (wanted: (annotations: Annotations) => boolean) =>
    first(pvcs.watch(), ended, (pvc) => {
      const annotations = isThe(PVC, pvc) ? annotationsOf(pvc) : {};
      return wanted(annotations) ? annotations : undefined;
    });
  const answer = (status: string) =>
    ofPvc(
      (found) => found[ANNOTATIONS.latestCopyStatus] === status && readCopyWindow(found)?.id === windowId,
    );
  const reportedBefore = sources.watch().get(SOURCE)?.status?.lastSyncTime;
  const snapshot = first(volumeSnapshots.watch(), ended, (found) => (isOf(run, found) ? found : undefined));
  const cut = first(volumeSnapshots.watch(), ended, (found) =>
    isOf(run, found) && found.status?.creationTime !== undefined ? found : undefined,
  );
  return {
    triggered: ofPvc((found) => found[ANNOTATIONS.copyTrigger] === trigger),
    accepted: answer('InProgress'),
    snapshot,
    cut,
    completed: answer('Completed'),
    moverStarted: first(pods.watch(), ended, (pod) => (isOf(run, pod) && hasStarted(pod) ? pod : undefined)),
    reported: first(sources.watch(), ended, (source) =>
      isThe(SOURCE, source) && source.status?.lastSyncTime !== reportedBefore ? true : undefined,
    ),
    /** With its exit code. The sync starts it again, but a demo need not wait for that. */
    moverFailed: first(pods.watch(), ended, (pod) => (isOf(run, pod) && exitCodeOf(pod)) || undefined),
  };
}

export type Observed = ReturnType<typeof observeCopy>;

/** Call it before the application stands still: `Failed` in this window. */
export function observeGivenUp({ pvcs }: Cluster, { windowId }: Asked, ended: AbortSignal) {
  return first(pvcs.watch(), ended, (pvc) => {
    const annotations = isThe(PVC, pvc) ? annotationsOf(pvc) : {};
    const failed = annotations[ANNOTATIONS.latestCopyStatus] === 'Failed';
    return failed && readCopyWindow(annotations)?.id === windowId ? annotations : undefined;
  });
}

/** Aborted with a DemoError as soon as the status of source or pvc tells that the sync has failed. */
export function observeFailure({ pvcs, sources }: Cluster, ended: AbortSignal): AbortController {
  const failed = new AbortController();
  const fail = ({ what }: Seen<string>) => failed.abort(new DemoError(what));
  void first(pvcs.watch(), ended, (pvc) => {
    const annotations = isThe(PVC, pvc) ? annotationsOf(pvc) : {};
    if (annotations[ANNOTATIONS.latestCopyStatus] !== 'Failed') return undefined;
    return `The copy failed: ${annotations[ANNOTATIONS.latestCopyError]}`;
  }).then(fail);
  void first(sources.watch(), ended, (source) => {
    const conditions = isThe(SOURCE, source) ? source.status?.conditions : [];
    const broken = conditions?.find(({ reason }) => reason === 'Error');
    return broken && `The sync failed: ${broken.message}`;
  }).then(fail);
  return failed;
}

/** Resolves when no snapshot, PVC, Job or pod of this sync is left. */
export async function untilNothingIsLeft(cluster: Cluster, run: string, ended: AbortSignal): Promise<void> {
  const watches = [cluster.volumeSnapshots, cluster.pvcs, cluster.jobs, cluster.pods].map(
    (resource) => resource.watch() as SharedWatch<KubernetesObject>,
  );
  const left = () => watches.flatMap((watch) => watch.list(NAMESPACE)).filter((object) => isOf(run, object));
  if (left().length === 0) return;
  await Promise.race(
    watches.map((watch) => first(watch, ended, () => (left().length === 0 ? true : undefined))),
  );
}

function first<T extends KubernetesObject, R>(
  watch: SharedWatch<T>,
  ended: AbortSignal,
  answer: (object: T | undefined) => R | undefined,
): Watching<R> {
  return new Promise((resolve) => {
    const stop = watch.subscribe((_, object) => {
      const what = answer(object);
      if (what === undefined) return;
      stop();
      resolve({ at: new Date(), what });
    });
    ended.addEventListener('abort', stop, { once: true });
  });
}

function isThe<T extends KubernetesObject>(ref: ObjectRef, object: T | undefined): object is T {
  return object?.metadata.namespace === ref.namespace && object.metadata.name === ref.name;
}

function isOf<T extends KubernetesObject>(run: string, object: T | undefined): object is T {
  return object?.metadata.namespace === NAMESPACE && object.metadata.labels?.[LABELS.run] === crc32(run);
}

function annotationsOf(object: KubernetesObject | undefined): Annotations {
  return object?.metadata.annotations ?? {};
}

function hasStarted(pod: Pod): boolean {
  return pod.status?.containerStatuses?.[0]?.state?.running !== undefined || exitCodeOf(pod) !== undefined;
}

function exitCodeOf({ status }: Pod): number | undefined {
  return status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
}
