// `status`: two lists, whatever the number of sources, and never Temporal.
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { isRefused } from '../../kubernetes/kubernetes-error.ts';
import { keyOf } from '../../kubernetes/object-ref.ts';
import type { Run, Typed } from './catalogue.ts';
import { CliError, EXIT } from './exit.ts';
import { refOf } from './place.ts';
import type { Place } from './place.ts';
import { viewSource } from './source-view.ts';
import type { SourceView } from './source-view.ts';
import { statusData, statusTable } from './status-table.ts';

export const run: Run = async (place, typed) => {
  const views = chosen(place, typed, await viewAll(place, typed));
  const { out, namespace, cluster } = place;
  if (out.format === 'json' || out.format === 'yaml') {
    await out.data({ items: views.map(statusData) });
  } else if (views.length === 0) {
    out.remark(namespace === undefined ? 'No sources found.' : `No sources found in ${namespace} namespace.`);
  } else {
    const wide = out.format === 'wide';
    out.table(statusTable(views, { now: cluster.now(), allNamespaces: namespace === undefined, wide }));
  }
  return EXIT.done;
};

async function viewAll(place: Place, { flags }: Typed): Promise<readonly SourceView[]> {
  const { cluster, namespace } = place;
  const where = namespace === undefined ? {} : { namespace };
  const labelSelector = flags['selector'];
  const [sources, pvcs] = await Promise.all([
    cluster.sources.list({ ...where, ...(typeof labelSelector === 'string' && { labelSelector }) }),
    cluster.pvcs.list(where).catch((error: unknown) => withoutPvcs(place, error)),
  ]);
  const pvcOf = new Map(pvcs.map((pvc) => [keyOf({ namespace: '', ...pvc.metadata }), pvc]));
  return sources.map((source) => {
    const { namespace: of = '' } = source.metadata;
    return viewSource(source, pvcOf.get(keyOf({ namespace: of, name: source.spec?.sourcePVC ?? '' })));
  });
}

function withoutPvcs({ out }: Place, error: unknown): readonly PersistentVolumeClaim[] {
  if (!isRefused(error)) throw error;
  out.remark('You may not list PersistentVolumeClaims: who waits and who stands still is not shown.');
  return [];
}

function chosen(place: Place, { words }: Typed, views: readonly SourceView[]): readonly SourceView[] {
  if (words.length === 0) return views;
  return words.map((word) => {
    const ref = refOf(place, word);
    const found = views.find((view) => view.namespace === ref.namespace && view.name === ref.name);
    if (found !== undefined) return found;
    throw new CliError(`There is no ReplicationSource ${keyOf(ref)}.`, EXIT.unavailable);
  });
}
