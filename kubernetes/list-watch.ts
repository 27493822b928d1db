// A watch that never dies. It lists a collection, follows its changes, and whatever happens in between
// (clean close, reset, silence, 410, a server that is away for hours) it goes on: from where it stood if the
// server still remembers that place, else with a new list. Consumers get levels, not edges: every list
// arrives whole, as `synced`.
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { Log } from '../telemetry/log.ts';
import { watchErrors, watchLastEvent, watchRelists } from '../telemetry/metrics.ts';
import { backoffMs, pause } from './backoff.ts';
import type { BackoffLimits } from './backoff.ts';
import { apiVersionOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { KubernetesError, isExpired, isUnknownKind } from './kubernetes-error.ts';
import { listPages } from './list.ts';
import type { Transport } from './transport.ts';
import { watchStream } from './watch-stream.ts';
import type { WatchEvent } from './watch-stream.ts';

export type Change<T> =
  | { readonly type: 'synced'; readonly objects: readonly T[] }
  | { readonly type: 'applied' | 'deleted'; readonly object: T };

export interface ListWatchOptions {
  readonly transport: Transport;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly timing?: Partial<ListWatchTiming>;
}

export interface ListWatchTiming extends BackoffLimits {
  /** How long one watch request lives; jittered upwards by a quarter, so that watches do not renew together. */
  readonly timeoutSeconds: number;
  /** A stream that says nothing for so long is dead. Bookmarks come about once a minute. */
  readonly silenceMs: number;
  /** A stream that lived so long was healthy: what ends it is not a failure in a row. */
  readonly healthyMs: number;
}

const TIMING: ListWatchTiming = {
  timeoutSeconds: 240,
  silenceMs: 90_000,
  healthyMs: 10_000,
  firstMs: 500,
  longestMs: 30_000,
};

/** Ends only when the signal aborts. */
export async function* listThenWatch<T extends KubernetesObject>(
  kind: Kind,
  { transport, log, signal, timing: given }: ListWatchOptions,
): AsyncGenerator<Change<T>, void> {
  const timing = { ...TIMING, ...given };
  const place: Place = { streaming: true, absences: 0 };
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    let error: unknown;
    try {
      yield* followOnce<T>(kind, { transport, signal, timing }, place);
    } catch (thrown) {
      error = thrown;
    }
    if (signal.aborted) return;
    if (isAbsent(kind, error, place)) {
      if (place.absences === ABSENT_AFTER) {
        log.info('kind not served: its CustomResourceDefinition is absent', { resource: kind.plural });
        yield { type: 'synced', objects: [] };
      }
    } else if (error !== undefined) report(kind, { log, error, place, failures });
    failures = performance.now() - began >= timing.healthyMs ? 0 : failures + 1;
    await pause(Math.max(backoffMs(failures, timing), retryAfterMs(error)), signal);
  }
}

/** Where the next request goes on. */
interface Place {
  /** Absent: list first. */
  resourceVersion?: string | undefined;
  /** False once the server has refused to stream the initial objects (before 1.32, or an old etcd). */
  streaming: boolean;
  relistReason?: 'expired';
  /** How many answers in a row said that the cluster does not know the kind. */
  absences: number;
}

// A server that has just started, or got to know the definition, may say so once or twice.
const ABSENT_AFTER = 4;

function isAbsent({ optional }: Kind, error: unknown, place: Place): boolean {
  const absent = optional === true && isUnknownKind(error);
  place.absences = absent ? place.absences + 1 : 0;
  if (place.absences >= ABSENT_AFTER) place.resourceVersion = undefined;
  return absent;
}

interface Following {
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly timing: ListWatchTiming;
}

/** One list if needed, and one watch request to its end. */
async function* followOnce<T extends KubernetesObject>(
  kind: Kind,
  { transport, signal, timing }: Following,
  place: Place,
): AsyncGenerator<Change<T>, void> {
  if (place.resourceVersion === undefined)
    watchRelists.inc({ resource: kind.plural, reason: place.relistReason ?? 'start' });
  try {
    if (place.resourceVersion === undefined && !place.streaming) {
      const where = { labelSelector: kind.watched, signal };
      const { items, resourceVersion } = await listPages<T>(transport, kind, where);
      place.resourceVersion = resourceVersion;
      yield { type: 'synced', objects: items.map((item) => lean(kind, item)) };
    }
    const timeoutSeconds = Math.round(timing.timeoutSeconds * (1 + Math.random() / 4));
    const request = {
      resourceVersion: place.resourceVersion,
      timeoutSeconds,
      silenceMs: timing.silenceMs,
      signal,
    };
    yield* changes<T>(kind, watchStream<T>(transport, kind, request), place);
  } catch (error) {
    if (isExpired(error)) {
      place.resourceVersion = undefined;
      place.relistReason = 'expired';
    } else if (place.resourceVersion === undefined && refusesStreaming(error)) {
      place.streaming = false;
    }
    throw error;
  }
}

/** Turns events into changes and keeps the place. */
async function* changes<T extends KubernetesObject>(
  kind: Kind,
  events: AsyncIterable<WatchEvent<T>>,
  place: Place,
): AsyncGenerator<Change<T>, void> {
  // Until the first complete bookmark, what comes are all objects there are, and changes among them.
  let gathered: Map<string, T> | undefined = place.resourceVersion === undefined ? new Map() : undefined;
  for await (const event of events) {
    watchLastEvent.setToCurrentTime({ resource: kind.plural });
    if (event.type === 'BOOKMARK') {
      if (gathered !== undefined && !event.complete) continue;
      place.resourceVersion = event.resourceVersion;
      if (gathered !== undefined) yield { type: 'synced', objects: [...gathered.values()] };
      gathered = undefined;
    } else if (gathered !== undefined) {
      gather(gathered, event.type === 'DELETED', lean(kind, event.object));
    } else {
      place.resourceVersion = event.object.metadata.resourceVersion;
      yield { type: event.type === 'DELETED' ? 'deleted' : 'applied', object: lean(kind, event.object) };
    }
  }
}

function gather<T extends KubernetesObject>(objects: Map<string, T>, deleted: boolean, object: T): void {
  const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  if (deleted) objects.delete(key);
  else objects.set(key, object);
}

/** The object as caches keep it: its type stamped, and without managedFields, which often are half of it. */
function lean<T extends KubernetesObject>(kind: Kind, object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
}

function refusesStreaming(error: unknown): boolean {
  return error instanceof KubernetesError && (error.reason === 'Invalid' || error.reason === 'BadRequest');
}

function retryAfterMs(error: unknown): number {
  return error instanceof KubernetesError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}

interface Interruption {
  readonly log: Log;
  readonly error: unknown;
  readonly place: Place;
  readonly failures: number;
}

function report(kind: Kind, { log, error, place, failures }: Interruption): void {
  const reason = error instanceof KubernetesError ? error.reason : 'Unknown';
  watchErrors.inc({ resource: kind.plural, reason });
  const message = error instanceof Error ? error.message : String(error);
  const fields = {
    resource: kind.plural,
    reason,
    error: message,
    failures,
    relist: place.resourceVersion === undefined,
  };
  // An API server that restarts is no news; one that stays away is.
  if (failures < 4) log.info('watch interrupted, trying again', fields);
  else log.error('watch still interrupted, trying again', fields);
}
