// Watches a cluster from outside, over a connection of its own, and keeps every version of what stands in the
// namespaces that are to be judged. What it keeps is ordered by the API server, not by when it arrived here.
import { KubeConfig } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../api/kubernetes.ts';
import { pause } from '../../kubernetes/backoff.ts';
import { KINDS } from '../../kubernetes/kinds.ts';
import type { Kind } from '../../kubernetes/kinds.ts';
import { isExpired } from '../../kubernetes/kubernetes-error.ts';
import { listPages } from '../../kubernetes/list.ts';
import type { Listing } from '../../kubernetes/list.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import type { Transport } from '../../kubernetes/transport.ts';
import { watchStream } from '../../kubernetes/watch-stream.ts';
import type { WatchEvent } from '../../kubernetes/watch-stream.ts';
import type { OutsideRecord } from './scenario-record.ts';
import { namespaceOf, WatchedObjects } from './watched-objects.ts';
import type { IsRecorded, WatchedKind } from './watched-objects.ts';

const WATCHED: Readonly<Record<WatchedKind, Kind>> = {
  pvcs: KINDS.pvcs,
  volumeSnapshots: KINDS.volumeSnapshots,
  jobs: KINDS.jobs,
  pods: KINDS.pods,
  sources: KINDS.sources,
  destinations: KINDS.destinations,
  namespaces: KINDS.namespaces,
  secrets: KINDS.secrets,
  events: { kind: 'Event', group: 'events.k8s.io', version: 'v1', plural: 'events', scope: 'namespace' },
};
const KIND_NAMES = Object.keys(WATCHED) as readonly WatchedKind[];

const CAUGHT_UP_WITHIN_MS = 60_000;
const AGAIN_AFTER_MS = 200;

/** Connects to the cluster of a kubeconfig; resolves once every kind is seen. */
export async function startOutsideWatcher(
  kubeconfig: string,
  isRecorded: IsRecorded,
): Promise<OutsideWatcher> {
  const load = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    return config;
  };
  const watcher = new OutsideWatcher(createTransport(load, 'outside-watcher'), isRecorded);
  await watcher.synced();
  return watcher;
}

export class OutsideWatcher {
  readonly #transport: Transport;
  readonly #closing = new AbortController();
  readonly #kinds: ReadonlyMap<WatchedKind, WatchedObjects>;

  constructor(transport: Transport, isRecorded: IsRecorded) {
    this.#transport = transport;
    this.#kinds = new Map(KIND_NAMES.map((kind) => [kind, new WatchedObjects(kind, isRecorded)]));
    for (const objects of this.#kinds.values()) void follow(transport, objects, this.#closing.signal);
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#kinds.values()].map((objects) => objects.synced));
  }

  /**
   * Resolves once everything is recorded that the API server has written in this namespace until now, with the version
   * up to which all kinds are known: each has a watch of its own, and one may be ahead of the others.
   */
  async catchUp(namespace: string): Promise<number> {
    const limit = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(CAUGHT_UP_WITHIN_MS)]);
    const kinds = [...this.#kinds.values()];
    return Math.min(...(await Promise.all(kinds.map((objects) => this.#catchUp(objects, namespace, limit)))));
  }

  async #catchUp(objects: WatchedObjects, namespace: string, limit: AbortSignal): Promise<number> {
    let listing: Listing<KubernetesObject> | undefined;
    while (!limit.aborted) {
      listing ??= await this.#list(objects.kind, namespace, limit);
      if (listing !== undefined && objects.shows(namespace, listing)) return Number(listing.resourceVersion);
      await pause(listing === undefined ? AGAIN_AFTER_MS : 5, limit);
    }
    throw new Error(
      `The outside watcher did not see the ${objects.kind} of ${namespace} within ${CAUGHT_UP_WITHIN_MS / 1000} s; is the API server alive?`,
    );
  }

  // Undefined while the API server cannot be reached.
  async #list(kind: WatchedKind, namespace: string, signal: AbortSignal) {
    const labelSelector = WATCHED[kind].watched;
    const where = { ...(kind === 'namespaces' ? {} : { namespace }), labelSelector, signal };
    const listed = listPages<KubernetesObject>(this.#transport, WATCHED[kind], where);
    const listing = await listed.catch(() => undefined);
    const items = listing?.items.filter((object) => namespaceOf(kind, object) === namespace);
    return listing && items && { ...listing, items };
  }

  /** What was seen of the namespace until now, or up to a version. */
  recordOf(
    namespace: string,
    upTo = Number.POSITIVE_INFINITY,
  ): Pick<OutsideRecord, 'namespace' | 'versions' | 'gaps' | 'secrets'> {
    const kinds = [...this.#kinds.values()].filter(({ kind }) => kind !== 'secrets');
    const versions = kinds
      .flatMap((objects) => objects.versionsIn(namespace))
      .filter(({ at }) => at <= upTo)
      .toSorted((one, other) => one.at - other.at);
    const began = versions[0]?.at ?? 0;
    const gaps = kinds.flatMap((objects) => objects.gaps).filter(({ until }) => until > began);
    return { namespace, versions, gaps, secrets: this.#kinds.get('secrets')?.secretsIn(namespace) ?? [] };
  }

  /** The namespace has been judged for the last time. */
  forget(namespace: string): void {
    for (const objects of this.#kinds.values()) objects.forget(namespace);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the outside watcher was closed'));
    await this.#transport.close();
  }
}

// Goes on from where it stood; from a new list when the API server has forgotten that place.
async function follow(transport: Transport, objects: WatchedObjects, signal: AbortSignal): Promise<void> {
  const place: Place = {};
  while (!signal.aborted) {
    const { resourceVersion } = place;
    const request = { resourceVersion, timeoutSeconds: 240, silenceMs: 90_000, signal };
    const initial = resourceVersion === undefined ? new Map<string, KubernetesObject>() : undefined;
    try {
      const events = watchStream<KubernetesObject>(transport, WATCHED[objects.kind], request);
      if (initial !== undefined) await gather(events, initial, { objects, place });
      for await (const event of events) note(event, objects, place);
    } catch (error) {
      if (isExpired(error)) delete place.resourceVersion;
    }
    await pause(AGAIN_AFTER_MS, signal);
  }
}

interface Place {
  resourceVersion?: string;
}

function note(event: WatchEvent<KubernetesObject>, objects: WatchedObjects, place: Place): void {
  if (event.type === 'BOOKMARK') {
    place.resourceVersion = event.resourceVersion;
    objects.reached(Number(event.resourceVersion));
    return;
  }
  const { resourceVersion } = event.object.metadata;
  if (resourceVersion !== undefined) place.resourceVersion = resourceVersion;
  objects.take(event.object, event.type === 'DELETED');
}

// What comes first are all objects there are, and changes among them, until a bookmark says that it is all.
async function gather(
  events: AsyncGenerator<WatchEvent<KubernetesObject>, void>,
  initial: Map<string, KubernetesObject>,
  { objects, place }: { objects: WatchedObjects; place: Place },
): Promise<void> {
  for (;;) {
    const { value: event, done } = await events.next();
    if (done) return;
    if (event.type === 'BOOKMARK') {
      if (!event.complete) continue;
      objects.replaceAll([...initial.values()], Number(event.resourceVersion));
      place.resourceVersion = event.resourceVersion;
      return;
    }
    const uid = event.object.metadata.uid ?? '';
    if (event.type === 'DELETED') initial.delete(uid);
    else initial.set(uid, event.object);
  }
}
