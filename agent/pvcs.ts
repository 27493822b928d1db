// The agent's own pvcs: read, followed, and written on condition that they still are as they were read.
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { AnnotationPatch } from '../domain/copy-trigger.ts';
import { asRead } from '../domain/preconditions.ts';
import { backoffMs, pause } from '../kubernetes/backoff.ts';
import { isNotFound, refusedInStream } from '../kubernetes/kubernetes-error.ts';
import { splitLines } from '../kubernetes/lines.ts';
import type { Log } from '../telemetry/log.ts';
import type { ApiServer } from './api-server.ts';
import type { SeenPvc } from './pvc-answer.ts';

export interface Pvcs {
  /** Undefined when there is none of this name. */
  read(name: string): Promise<SeenPvc | undefined>;
  annotate(pvc: SeenPvc, annotations: AnnotationPatch): Promise<SeenPvc>;
  /** Tells every version, from the one that stands now on, until the signal aborts; undefined while there is no pvc. */
  follow(name: string, told: (pvc: SeenPvc | undefined) => void, signal: AbortSignal): Promise<void>;
}

export interface PvcsPlace {
  readonly server: ApiServer;
  readonly namespace: string;
  readonly log: Log;
}

/** Under which managedFields remember what the agent wrote for the owner. */
const FIELD_MANAGER = 'stillpoint-agent';
const WATCH_SECONDS = 240;
/** Bookmarks come about once a minute. */
const SILENCE_MS = 90_000;
const BACKOFF = { firstMs: 500, longestMs: 10_000 };

export function createPvcs(place: PvcsPlace): Pvcs {
  const { server, namespace, log } = place;
  const collection = `/api/v1/namespaces/${encodeURIComponent(namespace)}/persistentvolumeclaims`;
  const pathOf = (name: string): string => `${collection}/${encodeURIComponent(name)}`;

  const read: Pvcs['read'] = async (name) => {
    const call = {
      asked: `get persistentvolumeclaims ${namespace}/${name}`,
      method: 'GET',
      path: pathOf(name),
    } as const;
    try {
      return seen(await server.call(call));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  return {
    read,
    async annotate(pvc, annotations) {
      const { name, uid, resourceVersion } = pvc;
      const metadata = asRead({ metadata: { name, uid, resourceVersion } });
      return seen(
        await server.call({
          asked: `patch persistentvolumeclaims ${namespace}/${name}`,
          method: 'PATCH',
          path: `${pathOf(name)}?fieldManager=${FIELD_MANAGER}`,
          body: { metadata: { ...metadata, annotations } },
        }),
      );
    },
    async follow(name, told, signal) {
      let failures = 0;
      while (!signal.aborted) {
        const began = performance.now();
        try {
          told(await read(name));
          for await (const pvc of watch({ server, collection, name, signal })) told(pvc);
        } catch (error) {
          if (!signal.aborted) log.info('watch interrupted, trying again', { pvc: name, error });
        }
        failures = performance.now() - began > BACKOFF.longestMs ? 1 : failures + 1;
        await pause(backoffMs(failures, BACKOFF), signal);
      }
    },
  };
}

interface Watching {
  readonly server: ApiServer;
  readonly collection: string;
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Without a resourceVersion the watch begins with what stands there now. */
async function* watch({
  server,
  collection,
  name,
  signal,
}: Watching): AsyncGenerator<SeenPvc | undefined, void> {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(WATCH_SECONDS),
    // One that names the only object that the role names is what RBAC lets pass.
    fieldSelector: `metadata.name=${name}`,
  });
  const asked = `watch persistentvolumeclaims ${name}`;
  const path = `${collection}?${query.toString()}`;
  const chunks = server.stream({ asked, method: 'GET', path, signal, silenceMs: SILENCE_MS });
  for await (const line of splitLines(chunks)) {
    const { type, object } = JSON.parse(line) as {
      readonly type: string;
      readonly object: PersistentVolumeClaim;
    };
    if (type === 'BOOKMARK') continue;
    if (type === 'ERROR') throw refusedInStream(asked, object);
    yield type === 'DELETED' ? undefined : seen(object);
  }
}

function seen(object: unknown): SeenPvc {
  const { metadata } = object as PersistentVolumeClaim;
  const { name, uid = '', resourceVersion = '', annotations = {}, deletionTimestamp } = metadata;
  return { name, uid, resourceVersion, annotations, deleting: deletionTimestamp !== undefined };
}
