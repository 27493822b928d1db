// Refuses to start beside somebody who would do the same work (docs/adr/0005-one-cluster-one-namespace.md).
import { Client, ScheduleAlreadyRunning } from '@temporalio/client';
import type { ConnectionLike } from '@temporalio/client';
import type { SharedSettings } from '../api/settings.ts';
import { isHeld, VOLSYNC_LEASE } from '../domain/neighbours.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { StartError } from './program.ts';

export interface Place {
  readonly cluster: Cluster;
  readonly connection: ConnectionLike;
  /** Of Temporal. */
  readonly namespace: string;
}

/** Throws a StartError that names the neighbour and says what to do. */
export async function refuseNeighbours(place: Place, { neighbours }: SharedSettings): Promise<void> {
  if (neighbours === 'ignore') return;
  await refuseVolSync(place.cluster);
  await refuseOtherCluster(place);
}

async function refuseVolSync(cluster: Cluster): Promise<void> {
  const leases = await cluster.leases.list({});
  const held = leases.find((lease) => lease.metadata.name === VOLSYNC_LEASE && isHeld(lease, cluster.now()));
  if (held === undefined) return;
  throw new StartError(
    `VolSync runs in this cluster (Lease ${held.metadata.namespace}/${VOLSYNC_LEASE} is held by ${held.spec?.holderIdentity}) and serves the same sources; stop it first (its Lease runs out ${held.spec?.leaseDurationSeconds} s after a crash), or set STILLPOINT_NEIGHBOURS=ignore.`,
  );
}

async function refuseOtherCluster({ cluster, connection, namespace }: Place): Promise<void> {
  const ours = await clusterUid(cluster);
  const served = await servedCluster(new Client({ connection, namespace }), ours);
  if (served === ours) return;
  throw new StartError(
    `Temporal namespace ${namespace} serves another Kubernetes cluster (uid of its namespace kube-system: ${served}, of this one's: ${ours}); give each cluster a Temporal namespace of its own with TEMPORAL_NAMESPACE, or, if the other one is gone for good, run "temporal schedule delete --namespace ${namespace} --schedule-id ${MARK}".`,
  );
}

async function clusterUid(cluster: Cluster): Promise<string> {
  const { metadata } = (await cluster.namespaces.get({ namespace: '', name: 'kube-system' })) ?? {};
  if (metadata?.uid !== undefined) return metadata.uid;
  throw new StartError('The cluster has no namespace kube-system, whose uid would tell it from others.');
}

// A schedule that never starts anything. Its memo is written when it is made, and nobody can change it.
const MARK = 'stillpoint/cluster';

/** Uid of the cluster that the namespace serves: `uid`, if nobody was here before. */
async function servedCluster({ schedule }: Client, uid: string): Promise<string> {
  try {
    await schedule.create({
      scheduleId: MARK,
      spec: {},
      state: {
        paused: true,
        note: 'Says which Kubernetes cluster this namespace serves; leave it alone.',
      },
      action: {
        type: 'startWorkflow',
        workflowType: 'nothing',
        taskQueue: 'stillpoint-nobody',
        workflowExecutionTimeout: '1 minute',
      },
      memo: { cluster: uid },
    });
    return uid;
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { memo } = await schedule.getHandle(MARK).describe();
    return String(memo?.['cluster']);
  }
}
