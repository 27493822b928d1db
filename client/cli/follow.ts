// Follows one sync to its end: by two reads of the cluster every half second, and by Temporal where it can be reached.
import type { ObjectRef } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { hasFailed } from '../../domain/sync-request.ts';
import { synchronizingCondition } from '../../domain/synchronizing-condition.ts';
import { parseTime } from '../../domain/time.ts';
import { pause } from '../../kubernetes/backoff.ts';
import { isRefused, isTransient } from '../../kubernetes/kubernetes-error.ts';
import { CliError, EXIT } from './exit.ts';
import type { ExitCode } from './exit.ts';
import { isFurther, liveLine, newsIn } from './live-view.ts';
import type { Sight } from './live-view.ts';
import type { Place } from './place.ts';
import { clock } from './print/amounts.ts';
import { outcomeOfRecord, outcomeOfStatus } from './sync-outcome.ts';
import type { SyncOutcome } from './sync-outcome.ts';
import { viewSource } from './source-view.ts';
import type { RunLook, TemporalSide } from './temporal-side.ts';

export interface Following {
  readonly ref: ObjectRef;
  /** Workflow id of the sync; the one that runs, or the next one, when absent. */
  readonly run?: string;
  readonly timeoutMs?: number | undefined;
  /** Undefined: what the cluster says has to do. */
  readonly temporal: TemporalSide | undefined;
}

const LOOK_EVERY_MS = 500;

/** Prints what happens, and how it ended. */
export async function follow(place: Place, following: Following): Promise<ExitCode> {
  const { out, interrupted } = place;
  const patience = AbortSignal.any([
    interrupted,
    ...(following.timeoutMs === undefined ? [] : [AbortSignal.timeout(following.timeoutMs)]),
  ]);
  const follower = new Follower(place, following);
  for (;;) {
    if (patience.aborted) throw gaveUp(following, interrupted);
    const outcome = await follower.look();
    if (outcome !== undefined) return ended(place, outcome);
    if (out.live) follower.redraw();
    await pause(LOOK_EVERY_MS, patience);
  }
}

function gaveUp({ ref, timeoutMs }: Following, interrupted: AbortSignal): Error {
  if (interrupted.aborted) return new CliError('interrupted; the sync goes on.', EXIT.interrupted);
  const after = `${(timeoutMs ?? 0) / 1_000} s`;
  return new CliError(
    `The sync of ${ref.namespace}/${ref.name} has not ended within ${after}; it goes on.`,
    EXIT.timedOut,
  );
}

function ended({ out }: Place, { good, text }: SyncOutcome): ExitCode {
  out.line(`${clock(Date.now(), Date.now())}  ${out.ink(good ? 'green' : 'red', text)}`);
  return good ? EXIT.done : EXIT.failed;
}

class Follower {
  readonly #place: Place;
  readonly #following: Following;
  #run: string | undefined;
  #sight: Sight | undefined;
  #first: ReplicationSource | undefined;
  #running = false;

  constructor(place: Place, following: Following) {
    this.#place = place;
    this.#following = following;
    this.#run = following.run;
  }

  /** Looks once; resolves with how the sync ended, when it has. */
  async look(): Promise<SyncOutcome | undefined> {
    const source = await this.#source();
    if (source === undefined) return undefined;
    const look = await this.#lookAtRun(source);
    await this.#see(source, look);
    if (look !== undefined && look.status !== 'RUNNING' && this.#run !== undefined)
      return this.#endOfRun(this.#run);
    if (this.#following.run !== undefined || look !== undefined) return undefined;
    return this.#endInStatus(source);
  }

  redraw(): void {
    const { out, cluster } = this.#place;
    if (this.#sight !== undefined) out.show(liveLine(this.#sight, cluster.now(), out.ink));
  }

  // An API server that is away for a moment ends nothing.
  async #source(): Promise<ReplicationSource | undefined> {
    const { ref } = this.#following;
    const source = await this.#place.cluster.sources.get(ref).catch(unlessTransient);
    if (source !== undefined) this.#first ??= source;
    if (source === null)
      throw new CliError(
        `ReplicationSource ${ref.namespace}/${ref.name} is gone; its sync ends, and the application is released.`,
        EXIT.unavailable,
      );
    return source;
  }

  async #lookAtRun(source: ReplicationSource): Promise<RunLook | undefined> {
    const { temporal, ref } = this.#following;
    if (temporal === undefined) return undefined;
    if (this.#run === undefined && source.status?.lastSyncStartTime !== undefined)
      this.#run = await temporal.running(ref).catch(() => undefined);
    return this.#run === undefined ? undefined : temporal.look(this.#run).catch(() => undefined);
  }

  async #see(source: ReplicationSource, look: RunLook | undefined): Promise<void> {
    const { cluster, out } = this.#place;
    const { ref } = this.#following;
    const name = source.spec?.sourcePVC ?? '';
    const pvc = await cluster.pvcs.get({ namespace: ref.namespace, name }).catch(unlessTransient);
    const sight: Sight = { view: viewSource(source, pvc ?? undefined), step: look?.steps[0] };
    const news = newsIn(this.#sight, sight);
    const now = cluster.now();
    if (news !== undefined) out.line(`${clock(now, now)}  ${news}`);
    else if (!out.live && isFurther(this.#sight, sight)) out.line(liveLine(sight, now, out.ink));
    this.#sight = sight;
  }

  async #endOfRun(run: string): Promise<SyncOutcome> {
    const record = await this.#following.temporal?.record(run);
    return record === undefined ? { good: false, text: `${run} has ended` } : outcomeOfRecord(record);
  }

  // Without Temporal the status tells it; a sync may be shorter than half a second.
  #endInStatus(source: ReplicationSource): SyncOutcome | undefined {
    if (source.status?.lastSyncStartTime !== undefined) {
      this.#running = true;
      return undefined;
    }
    const changed = endMark(source) !== endMark(this.#first ?? source);
    const justEnded = endOf(source) >= TYPED_AT;
    return this.#running || changed || justEnded ? outcomeOfStatus(source) : undefined;
  }
}

function unlessTransient(error: unknown): undefined {
  if (!isTransient(error) && !isRefused(error)) throw error;
}

// A sync that ended while this program was being loaded is the one that its reader meant.
const TYPED_AT = Math.floor(performance.timeOrigin / 1_000) * 1_000;

function endOf(source: ReplicationSource): number {
  const failed = hasFailed(source) ? synchronizingCondition(source)?.lastTransitionTime : undefined;
  return Math.max(parseTime(source.status?.lastSyncTime) ?? 0, parseTime(failed) ?? 0);
}

function endMark(source: ReplicationSource): string {
  const condition = hasFailed(source) ? synchronizingCondition(source) : undefined;
  return JSON.stringify([source.status?.lastSyncTime, condition?.lastTransitionTime, condition?.message]);
}
