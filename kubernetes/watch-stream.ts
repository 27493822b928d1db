import type { KubernetesObject } from '../api/kubernetes.ts';
import { collectionPath } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { refusedInStream } from './kubernetes-error.ts';
import { splitLines } from './lines.ts';
import type { Transport } from './transport.ts';

export interface WatchStreamRequest {
  /** Goes on from this resourceVersion; when absent, the stream begins with all objects there are. */
  readonly resourceVersion?: string | undefined;
  readonly timeoutSeconds: number;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** No change; `complete` after the last of the initial objects. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly complete: boolean };

/** One watch request: ends when the server ends it, throws a KubernetesError when anything is wrong. */
export async function* watchStream<T extends KubernetesObject>(
  transport: Transport,
  kind: Kind,
  { resourceVersion, timeoutSeconds, silenceMs, signal }: WatchStreamRequest,
): AsyncGenerator<WatchEvent<T>, void> {
  const initial = resourceVersion === undefined;
  const chunks = transport.stream({
    verb: 'watch',
    resource: kind.plural,
    path: collectionPath(kind),
    query: {
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds,
      labelSelector: kind.watched,
      ...(initial ? ALL_OBJECTS_FIRST : { resourceVersion }),
    },
    silenceMs,
    signal,
  });
  for await (const line of splitLines(chunks)) {
    if (line !== '') yield readEvent<T>(kind, JSON.parse(line) as RawEvent);
  }
}

/** Consistent with all writes before the request: resourceVersion is left empty. */
const ALL_OBJECTS_FIRST = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };

interface RawEvent {
  readonly type: string;
  readonly object: KubernetesObject;
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

function readEvent<T extends KubernetesObject>(kind: Kind, { type, object }: RawEvent): WatchEvent<T> {
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as T };
    case 'BOOKMARK': {
      const { resourceVersion = '', annotations } = object.metadata;
      return { type, resourceVersion, complete: annotations?.[INITIAL_EVENTS_END] === 'true' };
    }
    default:
      throw refusedInStream(`watch ${kind.plural}`, object);
  }
}
