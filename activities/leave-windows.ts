// Leaves every window that names a sync (rows 7 and 9 of the window's table), whatever opened it.
import type { ObjectRef } from '../api/kubernetes.ts';
import type { Failure } from '../domain/failures.ts';
import { readCopyWindow } from '../domain/copy-trigger.ts';
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

/** Listed live: the watch may not show yet what an attempt wrote that never returned. */
export async function leaveWindows(cluster: Cluster, leaving: Leaving): Promise<void> {
  const { namespace, run, failure, except, signal } = leaving;
  for (const { metadata } of await cluster.pvcs.list({ namespace }, { signal })) {
    if (metadata.name === except || !readCopyWindow(metadata.annotations ?? {})?.runs.includes(run)) continue;
    const pvc: ObjectRef = { namespace, name: metadata.name };
    await applyWindowEvent({ cluster, pvc, signal, from: 'live' }, { kind: 'leave', run, failure });
  }
}
