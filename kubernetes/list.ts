import type { KubernetesObject } from '../api/kubernetes.ts';
import { apiVersionOf, collectionPath } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { isExpired } from './kubernetes-error.ts';
import type { Transport } from './transport.ts';

const PAGE_SIZE = 500;

export interface ListRequest {
  readonly namespace?: string;
  readonly labelSelector?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
}

export interface Listing<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export async function listAll<T extends KubernetesObject>(
  transport: Transport,
  kind: Kind,
  where: ListRequest,
): Promise<readonly T[]> {
  try {
    return (await listPages<T>(transport, kind, where)).items;
  } catch (error) {
    // The pages' resourceVersion was compacted under a slow reader: once more from the first page.
    if (!isExpired(error)) throw error;
    return (await listPages<T>(transport, kind, where)).items;
  }
}

/** All objects of a collection, page by page, with the resourceVersion that a watch can go on from. */
export async function listPages<T extends KubernetesObject>(
  transport: Transport,
  kind: Kind,
  where: ListRequest,
): Promise<Listing<T>> {
  const items: T[] = [];
  // List items carry neither of the two.
  const type = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  let next: string | undefined;
  for (;;) {
    const page = (await transport.call({
      verb: 'list',
      resource: kind.plural,
      ...(where.namespace === undefined ? {} : { subject: where.namespace }),
      path: collectionPath(kind, where.namespace),
      query: { limit: PAGE_SIZE, continue: next, labelSelector: where.labelSelector },
      signal: where.signal,
    })) as Page<T>;
    for (const item of page.items) items.push({ ...type, ...item });
    next = page.metadata.continue || undefined;
    if (next === undefined) return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
  }
}
