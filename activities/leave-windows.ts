// Leaves every window that names a sync (rows 7 and 9 of the window's table), whatever opened it.
import type { ObjectRef, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Failure } from '../domain/failures.ts';
import { readCopyWindow } from '../domain/copy-trigger.ts';
import type { CopyWindow } from '../domain/copy-trigger.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { applyWindowEvent } from './window.ts';

export interface Leaving {
  readonly namespace: string;
  readonly run: string;
  readonly failure: Failure;
  /** Name of a pvc whose window is kept. */
  readonly except?: string | undefined;
  readonly signal: AbortSignal;
}

/** A window that the sync has left, now or before, as it stands afterwards. */
export interface LeftWindow {
  readonly pvc: PersistentVolumeClaim;
  readonly window: CopyWindow;
}

/** Listed live: the watch may not show yet what an attempt wrote that never returned. */
export async function leaveWindows(cluster: Cluster, leaving: Leaving): Promise<readonly LeftWindow[]> {
  const { namespace, run, failure, except, signal } = leaving;
  const left: LeftWindow[] = [];
  for (const { metadata } of await cluster.pvcs.list({ namespace }, { signal })) {
    if (metadata.name === except || !readCopyWindow(metadata.annotations ?? {})?.runs.includes(run)) continue;
    const ref: ObjectRef = { namespace, name: metadata.name };
    const event = { kind: 'leave', run, failure } as const;
    const { pvc } = await applyWindowEvent({ cluster, pvc: ref, signal, from: 'live' }, event);
    const window = readCopyWindow(pvc?.metadata.annotations ?? {});
    if (pvc !== undefined && window !== undefined) left.push({ pvc, window });
  }
  return left;
}
