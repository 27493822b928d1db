// Watches every pvc with a window of ours, and lets the application go once its time is over: whatever has become
// of the syncs, of Temporal, worker and controller. Many at once do no harm: each patch carries the pvc's version.
import { performance } from 'node:perf_hooks';
import { applyWindowEvent, viewOf } from '../activities/window.ts';
import type { ObjectRef, PersistentVolumeClaim } from '../api/kubernetes.ts';
import { events } from '../domain/events.ts';
import type { Failure } from '../domain/failures.ts';
import { endangered, guardWaits } from '../domain/guard.ts';
import type { Endangered } from '../domain/guard.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { KeyedQueue } from '../kubernetes/keyed-queue.ts';
import { keyOf, refOfKey } from '../kubernetes/object-ref.ts';
import { guardMetrics } from '../telemetry/guard-metrics.ts';
import type { Log } from '../telemetry/log.ts';

export interface GuardOptions {
  readonly cluster: Cluster;
  readonly log: Log;
  /** Longest time that an application stands still where no `release-by` says so, milliseconds. */
  readonly boundMs: number;
}

interface Stopwatch {
  readonly situation: string;
  readonly startedAt: number;
}

const CONCURRENT_PATCHES = 32;

/** Resolves when the first list of pvcs is complete; returns the way to stop. */
export async function watchWindows(options: GuardOptions): Promise<() => Promise<void>> {
  const { cluster, log } = options;
  const stopwatches = new Map<string, Stopwatch>();
  const queue = new KeyedQueue({
    concurrency: CONCURRENT_PATCHES,
    log: log.child({ queue: 'windows' }),
    work: (key) => look(options, stopwatches, refOfKey(key)),
  });
  const pvcs = cluster.pvcs.watch();
  const unsubscribe = pvcs.subscribe((ref, pvc) => {
    if (pvc !== undefined && endangeredBy(pvc) !== undefined) queue.add(keyOf(ref));
    else stopwatches.delete(keyOf(ref));
  });
  await pvcs.synced();
  return async () => {
    unsubscribe();
    await queue.close();
  };
}

/** Returns after how many milliseconds to look again. */
async function look(
  options: GuardOptions,
  stopwatches: Map<string, Stopwatch>,
  ref: ObjectRef,
): Promise<number | undefined> {
  const { cluster, boundMs } = options;
  const pvc = cluster.pvcs.watch().get(ref);
  const danger = pvc && endangeredBy(pvc);
  if (danger === undefined) return undefined;
  const stoodForMs = elapsed(stopwatches, keyOf(ref), danger);
  const left = guardWaits(danger, { now: cluster.now(), stoodForMs, boundMs });
  if (left > 0) return left;
  const released = await release(options, ref, { stoodForMs, failure: danger.failure });
  // The watch shows what was written, or what somebody else wrote; if neither comes, look again.
  return released ? LOOK_AGAIN_MS : TOO_EARLY_MS;
}

const LOOK_AGAIN_MS = 5_000;
// By the server's time that the answer has just told, it was a moment too early.
const TOO_EARLY_MS = 250;

async function release(
  { cluster, log, boundMs }: GuardOptions,
  pvc: ObjectRef,
  { stoodForMs, failure }: { readonly stoodForMs: number; readonly failure: Failure },
): Promise<boolean> {
  const event = { kind: 'guard', stoodForMs, boundMs, failure } as const;
  const { decision, pvc: patched } = await applyWindowEvent({ cluster, pvc, from: 'live' }, event);
  if (decision.do !== 'patch' || patched === undefined) return false;
  guardMetrics.released(failure.reason);
  log.error('application released by the guard', {
    ...pvc,
    reason: failure.reason,
    stoodForMs: Math.round(stoodForMs),
  });
  const regarding = { ...patched, apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;
  await cluster.record({ regarding, ...events.releasedByGuard(failure.message) });
  return true;
}

// By our own clock, since this process has first seen the situation.
function elapsed(stopwatches: Map<string, Stopwatch>, key: string, { situation }: Endangered): number {
  const running = stopwatches.get(key);
  const stopwatch = running?.situation === situation ? running : { situation, startedAt: performance.now() };
  stopwatches.set(key, stopwatch);
  return performance.now() - stopwatch.startedAt;
}

function endangeredBy(pvc: PersistentVolumeClaim): Endangered | undefined {
  return endangered(viewOf(pvc), pvc.metadata.name);
}
