// Keeps one Temporal Schedule per source: from every change of a source, and from time to time from the list
// of all schedules, because a schedule may have been removed by hand, and a run ended without a word. A schedule
// named source/… without a source is deleted: each cluster needs a Temporal namespace of its own.
import type { ObjectRef } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import type { ControllerSettings } from '../../api/settings.ts';
import { wantedSchedule } from '../../domain/schedule.ts';
import { syncRequest } from '../../domain/sync-request.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { Log } from '../../telemetry/log.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { reconcileSource } from './reconcile-source.ts';
import { reportIdle } from './report-idle.ts';
import type { Schedules } from './schedules.ts';

export interface KeepSchedulesOptions {
  readonly cluster: Cluster;
  readonly schedules: Schedules;
  readonly settings: ControllerSettings;
  readonly log: Log;
}

const PREFIX = 'source/';

/** Starts to keep the schedules in step once the watch of the sources is complete; returns the way to stop. */
export async function keepSchedules(options: KeepSchedulesOptions): Promise<() => Promise<void>> {
  const { cluster, schedules, settings, log } = options;
  const sources = cluster.sources.watch();
  await sources.synced();
  const settled = new Map<string, string>();
  const queue = new KeyedQueue({
    concurrency: settings.concurrentReconciles,
    log: log.child({ queue: 'sources' }),
    work: (key) => reconcile(key),
  });

  async function reconcile(key: string): Promise<number | undefined> {
    const ref = refOf(key);
    const source = sources.get(ref);
    const facts = factsOf(source);
    if (settled.get(key) === facts) return undefined;
    settled.delete(key);
    const { did, started, lookAgainAfterMs } = await reconcileSource(ref, source, schedules);
    if (did !== 'nothing' && did !== 'keep') log.info('schedule brought in step', { source: key, did });
    if (started !== undefined) log.info('sync started', { source: key, started });
    if (source !== undefined) await reportIdle(cluster, source);
    if (source !== undefined && started === undefined && lookAgainAfterMs === undefined)
      settled.set(key, facts);
    return started === undefined ? lookAgainAfterMs : STARTED_LOOK_AGAIN_MS;
  }

  async function sweep(): Promise<void> {
    const standing = new Set((await schedules.list(PREFIX)).map((id) => id.slice(PREFIX.length)));
    for (const key of standing) if (sources.get(refOf(key)) === undefined) queue.add(key);
    for (const source of sources.list()) {
      const key = keyOf(source.metadata);
      if (standing.has(key) && syncRequest(source) === undefined) continue;
      settled.delete(key);
      queue.add(key);
    }
  }

  const unsubscribe = sources.subscribe((ref) => queue.add(keyOf(ref)));
  for (const source of sources.list()) queue.add(keyOf(source.metadata));
  const stopSweeping = repeatedly(sweep, settings.sweepEveryMs, log.child({ task: 'sweep' }));
  return async () => {
    unsubscribe();
    stopSweeping();
    await queue.close();
  };
}

// By then the schedule shows the run, or shows that the start was lost.
const STARTED_LOOK_AGAIN_MS = 10_000;

/** What a reconcile looks at; while it stays the same, and all was in step, Temporal need not be asked again. */
function factsOf(source: ReplicationSource | undefined): string {
  const synchronizing = source?.status?.lastSyncStartTime !== undefined;
  const schedule = source && wantedSchedule(source);
  return JSON.stringify([
    schedule?.source.uid,
    schedule?.revision,
    source && syncRequest(source),
    synchronizing,
  ]);
}

function keyOf({ namespace = '', name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function refOf(key: string): ObjectRef {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

function repeatedly(task: () => Promise<void>, everyMs: number, log: Log): () => void {
  const attempt = () => {
    task().catch((error: unknown) =>
      log.error('failed, will be tried again', { error, retryAfterMs: everyMs }),
    );
  };
  attempt();
  const timer = setInterval(attempt, everyMs);
  return () => clearInterval(timer);
}
