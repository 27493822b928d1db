// Carries the decisions of domain/copy-window.ts to the pvc: every patch holds the uid and resourceVersion
// of the read that justified it; after a conflict the pvc is read live and the decision made again.
import type { ObjectRef, PersistentVolumeClaim } from '../api/kubernetes.ts';
import { decide, readWindowState } from '../domain/copy-window.ts';
import type { PvcView, WindowDecision, WindowEvent } from '../domain/copy-window.ts';
import { ANNOTATIONS } from '../domain/copy-trigger.ts';
import { annotationWrittenAt } from '../domain/managed-fields.ts';
import { asRead } from '../domain/preconditions.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { isConflict, isNotFound } from '../kubernetes/kubernetes-error.ts';

export interface Applied {
  readonly decision: WindowDecision;
  /** The pvc as patched, or as read live; undefined when it is gone. */
  readonly pvc: PersistentVolumeClaim | undefined;
  /** API-server time of the answer, milliseconds since the epoch. */
  readonly time: number;
}

export interface WindowTarget {
  readonly cluster: Cluster;
  readonly pvc: ObjectRef;
  readonly signal?: AbortSignal;
  /** Begin with what the shared watch has, which saves a request and can only justify a patch. */
  readonly from: 'watch' | 'live';
}

/** Decides and writes. Only a live read may conclude that there is nothing to write: a watch may lag behind. */
export async function applyWindowEvent(target: WindowTarget, event: WindowEvent): Promise<Applied> {
  const { cluster, pvc: ref } = target;
  let seen = target.from === 'watch' ? cluster.pvcs.watch().get(ref) : undefined;
  for (;;) {
    const pvc: PersistentVolumeClaim | undefined = seen ?? (await cluster.pvcs.get(ref, callOptions(target)));
    if (pvc === undefined) return { decision: { do: 'lost' }, pvc, time: cluster.now() };
    const decision = decide(viewOf(pvc), event, cluster.now());
    if (decision.do === 'patch') {
      const patched = await patch(target, pvc, decision.annotations);
      if (patched !== undefined) return { decision, pvc: patched, time: cluster.now() };
      seen = newerInWatch(target, pvc);
    } else {
      if (seen === undefined) return { decision, pvc, time: cluster.now() };
      seen = undefined;
    }
  }
}

// After a conflict, such as with the finalizer of the snapshot-controller, the watch mostly shows what was written.
function newerInWatch({ cluster, pvc: ref }: WindowTarget, tried: PersistentVolumeClaim) {
  const seen = cluster.pvcs.watch().get(ref);
  return seen?.metadata.resourceVersion === tried.metadata.resourceVersion ? undefined : seen;
}

/** The pvc as the state machine sees it. */
export function viewOf(pvc: PersistentVolumeClaim): PvcView {
  const view = { uid: pvc.metadata.uid ?? '', annotations: pvc.metadata.annotations ?? {} };
  const { state, window } = readWindowState(view);
  if (state !== 'idle' || window?.result === undefined) return view;
  const answeredAt = annotationWrittenAt(pvc, ANNOTATIONS.latestCopyStatus);
  return answeredAt === undefined ? view : { ...view, answeredAt };
}

async function patch(
  target: WindowTarget,
  pvc: PersistentVolumeClaim,
  annotations: Readonly<Record<string, string | null>>,
) {
  try {
    return await target.cluster.pvcs.patch(
      target.pvc,
      { metadata: { ...asRead(pvc), annotations } },
      callOptions(target),
    );
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

function callOptions({ signal }: WindowTarget) {
  return signal === undefined ? {} : { signal };
}
