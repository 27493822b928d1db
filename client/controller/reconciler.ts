// Compares one source or destination after another with its schedule, unless nothing has changed since all was in step.
import type { OwnerObject } from '../../api/sync.ts';
import type { ControllerSettings } from '../../api/settings.ts';
import { wantedSchedule } from '../../domain/schedule.ts';
import { hasFailed, syncRequest } from '../../domain/sync-request.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { KeyedQueue } from '../../kubernetes/keyed-queue.ts';
import { refOfKey } from '../../kubernetes/object-ref.ts';
import type { Log } from '../../telemetry/log.ts';
import type { KeptKind } from './kept-kinds.ts';
import type { LostSlotsBook } from './lost-slots.ts';
import { reconcileSchedule } from './reconcile-schedule.ts';
import type { Reconciled } from './reconcile-schedule.ts';
import { reportIdle } from './report-idle.ts';
import type { Schedules } from './schedules.ts';

export interface Keeping {
  readonly cluster: Cluster;
  readonly schedules: Schedules;
  readonly settings: ControllerSettings;
  readonly log: Log;
  readonly lostSlots: LostSlotsBook;
}

export class Reconciler<T extends OwnerObject> {
  readonly #kind: KeptKind<T>;
  readonly #keeping: Keeping;
  readonly #queue: KeyedQueue;
  readonly #settled = new Map<string, string>();

  constructor(kind: KeptKind<T>, keeping: Keeping) {
    this.#kind = kind;
    this.#keeping = keeping;
    this.#queue = new KeyedQueue({
      concurrency: keeping.settings.concurrentReconciles,
      log: keeping.log.child({ queue: `${kind.word}s` }),
      work: (key) => this.#reconcile(key),
    });
  }

  look(key: string): void {
    this.#queue.add(key);
  }

  /** Also asks Temporal when the object has not changed. */
  lookAfresh(key: string): void {
    this.#settled.delete(key);
    this.look(key);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #reconcile(key: string): Promise<number | undefined> {
    const { cluster, schedules } = this.#keeping;
    const { kind, objects } = this.#kind;
    const ref = refOfKey(key);
    const object = objects.watch().get(ref);
    const trigger = object && (await this.#kind.findTrigger(object));
    const facts = factsOf(object, trigger);
    if (this.#settled.get(key) === facts) return undefined;
    this.#settled.delete(key);
    const beside = { schedules, trigger, now: cluster.now() };
    const reconciled = await reconcileSchedule({ kind, ...ref }, object, beside);
    this.#tell(key, reconciled);
    if (object !== undefined) await this.#report(object, reconciled);
    const { started, lookAgainAfterMs } = reconciled;
    if (started !== undefined) {
      // Once its status says that the sync has begun, all is in step.
      this.#settled.set(key, factsOf(object, undefined, true));
      return STARTED_LOOK_AGAIN_MS;
    }
    if (object !== undefined && lookAgainAfterMs === undefined) this.#settled.set(key, facts);
    return lookAgainAfterMs;
  }

  async #report(object: T, { lostSlots }: Reconciled): Promise<void> {
    const { cluster, lostSlots: book } = this.#keeping;
    await reportIdle(cluster, this.#kind.objects, object);
    if (lostSlots !== undefined) await book.see(object, lostSlots);
  }

  #tell(key: string, { did, started }: Reconciled): void {
    const { log } = this.#keeping;
    const about = { [this.#kind.word]: key };
    if (did !== 'nothing' && did !== 'keep') log.info('schedule brought in step', { ...about, did });
    if (started !== undefined) log.info('sync started', { ...about, started });
  }
}

// By then the schedule shows the run, or shows that the start was lost.
const STARTED_LOOK_AGAIN_MS = 10_000;

/** What a reconcile looks at; while it stays the same, and all was in step, Temporal need not be asked again. */
function factsOf(
  object: OwnerObject | undefined,
  trigger: string | undefined,
  synchronizing = object?.status?.lastSyncStartTime !== undefined,
): string {
  const schedule = object && wantedSchedule(object);
  return JSON.stringify([
    schedule?.ref.uid,
    schedule?.revision,
    object && syncRequest(object, trigger),
    synchronizing,
    // One that is refused never says that it synchronises.
    object && hasFailed(object),
  ]);
}
