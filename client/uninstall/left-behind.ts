// What an uninstall does not remove, in sentences for whoever does it: nothing that holds or leads to data.
import type { Cluster } from '../../kubernetes/cluster.ts';

export async function leftBehind(cluster: Cluster, temporalNamespace: string): Promise<readonly string[]> {
  const [sources, destinations, pvcs] = await Promise.all([
    cluster.sources.list({}),
    cluster.destinations.list({}),
    cluster.pvcs.list({}),
  ]);
  const annotated = pvcs.filter(({ metadata }) =>
    Object.keys(metadata.annotations ?? {}).some((key) => key.startsWith('volsync.backube/latest-copy-')),
  );
  return [
    'Every sync has ended, and no application is asked or frozen. What stays:',
    `- ${sources.length} ReplicationSources and ${destinations.length} ReplicationDestinations with their statuses, snapshots, cache PVCs, Services and keys; each goes with its object`,
    `- annotations on ${annotated.length} PVCs: the answer to their last trigger`,
    '- the definitions (CRDs): removing them removes every source and destination; kubectl delete crd replicationsources.volsync.backube replicationdestinations.volsync.backube',
    '- what was copied: repositories and their Secrets',
    `- in Temporal's namespace ${temporalNamespace}: the histories of syncs until its retention is over, and the schedule stillpoint/cluster, which says whose namespace it is; temporal schedule delete --namespace ${temporalNamespace} --schedule-id stillpoint/cluster`,
  ];
}
