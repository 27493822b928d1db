// Tells waiting syncs that something has happened to their pvc: the one watch of all pvcs becomes signals.
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { PVC_CHANGED } from '../../domain/messages.ts';
import { nudgesFor, waitingRunsOf } from '../../domain/nudge.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { Log } from '../../telemetry/log.ts';
import { KeyedQueue } from '../../kubernetes/keyed-queue.ts';
import { keyOf, refOf, refOfKey } from '../../kubernetes/object-ref.ts';

export interface NudgeOptions {
  readonly cluster: Cluster;
  readonly client: Client;
  readonly log: Log;
}

const CONCURRENT_SIGNALS = 64;
// The watch of the sources may be ahead of that of the pvcs: a window that was just opened is seen by then.
const SETTLED_MS = 1_000;

/** Resolves when the first list of pvcs is complete; returns the way to stop. */
export async function nudgeWaitingSyncs({
  cluster,
  client,
  log,
}: NudgeOptions): Promise<() => Promise<void>> {
  const lastSeen = new Map<string, PersistentVolumeClaim>();
  const signals = new KeyedQueue({
    concurrency: CONCURRENT_SIGNALS,
    log: log.child({ queue: 'nudges' }),
    work: (workflowId) => nudge(client, workflowId),
  });
  const pvcs = cluster.pvcs.watch();

  function see(key: string, after: PersistentVolumeClaim | undefined): void {
    const runs = nudgesFor(lastSeen.get(key), after);
    if (after === undefined) lastSeen.delete(key);
    else lastSeen.set(key, after);
    for (const run of runs) signals.add(run);
  }

  // An edit that cannot work must not cost the application a freeze: it is seen before the trigger comes.
  const generations = new Map<string, number | undefined>();
  const edits = new KeyedQueue({
    concurrency: 1,
    log: log.child({ queue: 'edits' }),
    work: (key) => {
      const source = refOfKey(key);
      for (const run of waitingRunsOf(source, pvcs.list(source.namespace))) signals.add(run);
      return Promise.resolve();
    },
  });
  function seeSource(ref: ObjectRef, source: ReplicationSource | undefined): void {
    const key = keyOf(ref);
    const edited = generations.has(key) && generations.get(key) !== source?.metadata.generation;
    if (source === undefined) generations.delete(key);
    else generations.set(key, source.metadata.generation);
    if (edited) edits.addLater(key, SETTLED_MS);
  }

  const unsubscribe = [
    pvcs.subscribe((ref, pvc) => see(keyOf(ref), pvc)),
    cluster.sources.watch().subscribe(seeSource),
  ];
  await pvcs.synced();
  for (const pvc of pvcs.list()) {
    const key = keyOf(refOf(pvc));
    if (!lastSeen.has(key)) see(key, pvc);
  }
  return async () => {
    for (const stop of unsubscribe) stop();
    await edits.close();
    await signals.close();
  };
}

async function nudge(client: Client, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(PVC_CHANGED);
  } catch (error) {
    // The sync has ended: nobody waits any more.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
