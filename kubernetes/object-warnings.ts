import type { KubernetesObject } from '../api/kubernetes.ts';
import type { CallOptions } from './cluster.ts';
import { EVENTS } from './events.ts';
import { collectionPath } from './kinds.ts';
import type { Transport } from './transport.ts';

interface WarningEvent {
  readonly note?: string;
  readonly metadata?: { readonly creationTimestamp?: string };
  readonly deprecatedLastTimestamp?: string;
  readonly series?: { readonly lastObservedTime?: string };
}

const MOST = 50;

/** What others have warned of about this object, each note once, the newest last. */
export async function readWarnings(
  transport: Transport,
  { metadata: { namespace, name, uid } }: KubernetesObject,
  { signal }: CallOptions = {},
): Promise<readonly string[]> {
  const answer = (await transport.call({
    verb: 'list',
    resource: EVENTS.plural,
    subject: `${namespace}/${name}`,
    path: collectionPath(EVENTS, namespace),
    query: { fieldSelector: `regarding.uid=${uid},type=Warning`, limit: MOST },
    signal,
  })) as { readonly items?: readonly WarningEvent[] };
  const newestLast = (answer.items ?? []).toSorted((one, other) => lastSeen(one) - lastSeen(other));
  return [...new Set(newestLast.flatMap(({ note }) => note ?? []))];
}

function lastSeen({ metadata, deprecatedLastTimestamp, series }: WarningEvent): number {
  const time = series?.lastObservedTime ?? deprecatedLastTimestamp ?? metadata?.creationTimestamp;
  return Date.parse(time ?? '') || 0;
}
