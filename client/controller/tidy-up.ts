// Tidies up after syncs that were terminated: nothing of theirs runs at their end, so that their application would
// be asked or frozen for ever (invariant 4) and their objects stay (invariant 10). Whoever is named by an open
// window, an object or a status is asked for in Temporal: at each change of its pvc, soon after Temporal has ended
// it, and from time to time, because a worker may still write what it had begun when the sync was terminated.
import type { ControllerSettings } from '../../api/settings.ts';
import { judgeRun, runsInWindow } from '../../domain/ended-sync.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { Log } from '../../telemetry/log.ts';
import { endRun } from './end-run.ts';
import { KeyedQueue } from '../../kubernetes/keyed-queue.ts';
import { everyNamedRun, stillNamed } from './named-runs.ts';
import type { NamedRun } from './named-runs.ts';
import { repeatedly } from './repeatedly.ts';
import type { Runs } from './runs.ts';

export interface TidyUpOptions {
  readonly cluster: Cluster;
  readonly runs: Runs;
  readonly settings: ControllerSettings;
  readonly log: Log;
}

const LOOK_FOR_ENDED_EVERY_MS = 5_000;
// Longer than visibility lags behind, and than a worker goes on with what it had begun.
const LOOK_BACK_MS = 300_000;
const SOON_MS = 2_000;
const LOOK_AGAIN_MS = 1_000;

/** Starts once all watches are complete; returns the way to stop. */
export async function tidyUpEndedSyncs(options: TidyUpOptions): Promise<() => Promise<void>> {
  const { cluster, runs, settings, log } = options;
  const { pvcs, sources, destinations, jobs, volumeSnapshots } = cluster;
  const watched = [pvcs, sources, destinations, jobs, volumeSnapshots];
  await Promise.all(watched.map((resource) => resource.watch().synced()));
  const inspector = new RunInspector(options);

  const unsubscribe = pvcs.watch().subscribe(({ namespace }, pvc) => {
    for (const run of pvc ? runsInWindow(pvc) : []) inspector.lookSoonAt({ namespace, run });
  });
  async function sweep(): Promise<void> {
    for (const named of await everyNamedRun(cluster, runs)) inspector.lookAt(named);
  }
  async function lookForEnded(): Promise<void> {
    const ended = await runs.endedSince(new Date(cluster.now() - LOOK_BACK_MS));
    inspector.forgetAllBut(ended);
    for (const named of stillNamed(cluster, ended, inspector.reported)) inspector.lookAt(named);
  }
  const stopSweeping = repeatedly(sweep, settings.sweepEveryMs, log.child({ task: 'sweep of syncs' }));
  const stopLooking = repeatedly(lookForEnded, LOOK_FOR_ENDED_EVERY_MS, log.child({ task: 'ended syncs' }));
  return async () => {
    unsubscribe();
    stopSweeping();
    stopLooking();
    await inspector.close();
  };
}

/** Asks Temporal for one sync after another, and tidies up after those that have ended. */
class RunInspector {
  readonly #options: TidyUpOptions;
  readonly #queue: KeyedQueue;
  readonly #closing = new AbortController();
  readonly #unknownSince = new Map<string, number>();
  readonly #reported = new Set<string>();

  constructor(options: TidyUpOptions) {
    this.#options = options;
    this.#queue = new KeyedQueue({
      concurrency: options.settings.concurrentReconciles,
      log: options.log.child({ queue: 'syncs' }),
      work: (key) => this.#inspect(namedBy(key)),
    });
  }

  /** Those whose end the status of their source or destination tells. */
  get reported(): ReadonlySet<string> {
    return this.#reported;
  }

  lookAt(named: NamedRun): void {
    this.#queue.add(`${named.namespace}/${named.run}`);
  }

  /** Not in the midst of the conversation: Temporal would answer us before it wakes the sync. */
  lookSoonAt({ namespace, run }: NamedRun): void {
    this.#queue.addLater(`${namespace}/${run}`, SOON_MS);
  }

  forgetAllBut(runs: readonly string[]): void {
    for (const run of this.#reported) if (!runs.includes(run)) this.#reported.delete(run);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the controller stops'));
    await this.#queue.close();
  }

  async #inspect(named: NamedRun): Promise<number | undefined> {
    const { runs, log } = this.#options;
    const { run } = named;
    const state = await runs.find(run);
    const verdict = judgeRun(run, state, state.kind === 'unknown' ? this.#unknownForMs(run) : 0);
    if (verdict.do === 'lookAgain') return verdict.afterMs;
    this.#unknownSince.delete(run);
    if (verdict.do === 'nothing') return undefined;
    const { failure } = verdict;
    const reported = await endRun(this.#options, { ...named, failure, signal: this.#closing.signal });
    log.info('tidied up after a sync', { run, reason: failure.reason, message: failure.message });
    if (!reported) return LOOK_AGAIN_MS;
    this.#reported.add(run);
    return undefined;
  }

  // By our own clock, since this process has first asked for it in vain.
  #unknownForMs(run: string): number {
    const since = this.#unknownSince.get(run) ?? Date.now();
    this.#unknownSince.set(run, since);
    return Date.now() - since;
  }
}

function namedBy(key: string): NamedRun {
  const end = key.indexOf('/');
  return { namespace: key.slice(0, end), run: key.slice(end + 1) };
}
