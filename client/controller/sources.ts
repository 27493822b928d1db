// Keeps one Temporal Schedule per source: from every change of a source or of a trigger that is left on its pvc, and
// from time to time from the list of all schedules, because a schedule may have been removed by hand, and a run
// ended without a word. A schedule named source/… without a source is deleted: each cluster needs a Temporal
// namespace of its own.
import type { ReplicationSource } from '../../api/replication-source.ts';
import type { ControllerSettings } from '../../api/settings.ts';
import { triggerKind, wantedSchedule } from '../../domain/schedule.ts';
import { hasFailed, syncRequest } from '../../domain/sync-request.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { Log } from '../../telemetry/log.ts';
import { KeyedQueue } from '../../kubernetes/keyed-queue.ts';
import { keyOf, refOf, refOfKey } from '../../kubernetes/object-ref.ts';
import { keepLostSlots } from './lost-slots.ts';
import type { LostSlotsBook } from './lost-slots.ts';
import { findLeftTrigger, sourcesToServe } from './left-trigger.ts';
import { reconcileSource } from './reconcile-source.ts';
import type { Reconciled } from './reconcile-source.ts';
import { repeatedly } from './repeatedly.ts';
import { reportIdle } from './report-idle.ts';
import type { Schedules } from './schedules.ts';

export interface KeepSchedulesOptions {
  readonly cluster: Cluster;
  readonly schedules: Schedules;
  readonly settings: ControllerSettings;
  readonly log: Log;
}

const PREFIX = 'source/';

/** Starts to keep the schedules in step once the watches are complete; returns the way to stop. */
export async function keepSchedules(options: KeepSchedulesOptions): Promise<() => Promise<void>> {
  const { cluster, schedules, settings, log } = options;
  const sources = cluster.sources.watch();
  const pvcs = cluster.pvcs.watch();
  await Promise.all([sources.synced(), pvcs.synced()]);
  const reconciler = new Reconciler(options);

  async function sweep(): Promise<void> {
    const standing = new Set((await schedules.list(PREFIX)).map((id) => id.slice(PREFIX.length)));
    for (const key of standing) if (sources.get(refOfKey(key)) === undefined) reconciler.look(key);
    for (const source of sources.list()) {
      const key = keyOf(refOf(source));
      if (!standing.has(key) || syncRequest(source) !== undefined || skipsSlots(source))
        reconciler.lookAfresh(key);
    }
  }

  const unsubscribe = [
    sources.subscribe((ref) => reconciler.look(keyOf(ref))),
    pvcs.subscribe((_ref, pvc) => {
      for (const source of sourcesToServe(cluster, pvc)) reconciler.look(keyOf(refOf(source)));
    }),
  ];
  for (const source of sources.list()) reconciler.look(keyOf(refOf(source)));
  const stopSweeping = repeatedly(sweep, settings.sweepEveryMs, log.child({ task: 'sweep' }));
  return async () => {
    for (const stop of unsubscribe) stop();
    stopSweeping();
    await reconciler.close();
  };
}

/** Compares one source after another with Temporal, unless nothing has changed since all was in step. */
class Reconciler {
  readonly #options: KeepSchedulesOptions;
  readonly #queue: KeyedQueue;
  readonly #settled = new Map<string, string>();
  readonly #lostSlots: LostSlotsBook;

  constructor(options: KeepSchedulesOptions) {
    this.#lostSlots = keepLostSlots(options.cluster);
    this.#options = options;
    this.#queue = new KeyedQueue({
      concurrency: options.settings.concurrentReconciles,
      log: options.log.child({ queue: 'sources' }),
      work: (key) => this.#reconcile(key),
    });
  }

  look(key: string): void {
    this.#queue.add(key);
  }

  /** Also asks Temporal when the source has not changed. */
  lookAfresh(key: string): void {
    this.#settled.delete(key);
    this.look(key);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #reconcile(key: string): Promise<number | undefined> {
    const { cluster, schedules } = this.#options;
    const ref = refOfKey(key);
    const source = cluster.sources.watch().get(ref);
    const trigger = source && (await findLeftTrigger(cluster, source));
    const facts = factsOf(source, trigger);
    if (this.#settled.get(key) === facts) return undefined;
    this.#settled.delete(key);
    const { started, lookAgainAfterMs, lostSlots } = this.#logged(
      key,
      await reconcileSource(ref, source, { schedules, trigger }),
    );
    if (source !== undefined) await reportIdle(cluster, source);
    if (source !== undefined && lostSlots !== undefined) await this.#lostSlots.see(source, lostSlots);
    if (started !== undefined) {
      // Once its status says that the sync has begun, all is in step.
      this.#settled.set(key, factsOf(source, undefined, true));
      return STARTED_LOOK_AGAIN_MS;
    }
    if (source !== undefined && lookAgainAfterMs === undefined) this.#settled.set(key, facts);
    return lookAgainAfterMs;
  }

  #logged(source: string, reconciled: Reconciled): Reconciled {
    const { did, started } = reconciled;
    if (did !== 'nothing' && did !== 'keep')
      this.#options.log.info('schedule brought in step', { source, did });
    if (started !== undefined) this.#options.log.info('sync started', { source, started });
    return reconciled;
  }
}

// By then the schedule shows the run, or shows that the start was lost.
const STARTED_LOOK_AGAIN_MS = 10_000;

// A slot that comes while a sync runs is lost, and only Temporal knows.
function skipsSlots(source: ReplicationSource): boolean {
  return source.status?.lastSyncStartTime !== undefined && triggerKind(source) === 'schedule';
}

/** What a reconcile looks at; while it stays the same, and all was in step, Temporal need not be asked again. */
function factsOf(
  source: ReplicationSource | undefined,
  trigger: string | undefined,
  synchronizing = source?.status?.lastSyncStartTime !== undefined,
): string {
  const schedule = source && wantedSchedule(source);
  return JSON.stringify([
    schedule?.source.uid,
    schedule?.revision,
    source && syncRequest(source, trigger),
    synchronizing,
    // One that is refused never says that it synchronises.
    source && hasFailed(source),
  ]);
}
