// The volume populator: PVCs whose `dataSourceRef` names a ReplicationDestination are filled from its latest image
// (domain/volume-population.ts decides). Level-triggered; every step is found done when it is tried again, so two
// controllers at once do no harm.
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { events } from '../../domain/events.ts';
import { asRead, uidOf } from '../../domain/preconditions.ts';
import {
  handOver,
  holdSnapshot,
  isPrime,
  letSnapshotGo,
  nextStep,
  populatedBy,
  primeName,
  primePvc,
  restoredFromSnapshot,
} from '../../domain/volume-population.ts';
import type { PopulationView } from '../../domain/volume-population.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { isAlreadyExists, isUnknownKind } from '../../kubernetes/kubernetes-error.ts';
import { KeyedQueue } from '../../kubernetes/keyed-queue.ts';
import { keyOf, refOf, refOfKey } from '../../kubernetes/object-ref.ts';
import type { Log } from '../../telemetry/log.ts';

export interface PopulateOptions {
  readonly cluster: Cluster;
  readonly log: Log;
}

const CONCURRENT_POPULATIONS = 16;

/** Starts once the watches are complete; returns the way to stop. */
export async function populateVolumes({ cluster, log }: PopulateOptions): Promise<() => Promise<void>> {
  const pvcs = cluster.pvcs.watch();
  const destinations = cluster.destinations.watch();
  await Promise.all([pvcs.synced(), destinations.synced()]);
  const told = new Map<string, string>();
  const queue = new KeyedQueue({
    concurrency: CONCURRENT_POPULATIONS,
    log: log.child({ queue: 'populations' }),
    work: (key) => populate(cluster, refOfKey(key), (why) => isNews(told, key, why)),
  });

  function see(pvc: PersistentVolumeClaim | undefined): void {
    if (pvc === undefined) return;
    const { namespace = '', ownerReferences = [] } = pvc.metadata;
    if (populatedBy(pvc) !== undefined) queue.add(keyOf(refOf(pvc)));
    if (isPrime(pvc)) for (const { name } of ownerReferences) queue.add(keyOf({ namespace, name }));
  }
  const unsubscribe = [
    pvcs.subscribe((_ref, pvc) => see(pvc)),
    destinations.subscribe(({ namespace, name }) => {
      for (const pvc of pvcs.list(namespace)) if (populatedBy(pvc) === name) see(pvc);
    }),
  ];
  for (const pvc of pvcs.list()) see(pvc);
  await announcePopulator(cluster, log);
  return async () => {
    for (const stop of unsubscribe) stop();
    await queue.close();
  };
}

function isNews(told: Map<string, string>, key: string, why: string): boolean {
  const before = told.get(key);
  told.set(key, why);
  return before !== why;
}

// Does what can be done now; each change that it waits for brings it back.
async function populate(cluster: Cluster, ref: ObjectRef, isNew: (why: string) => boolean): Promise<void> {
  const pvc = cluster.pvcs.watch().get(ref);
  const destination = pvc && populatedBy(pvc);
  if (pvc === undefined || destination === undefined) return;
  const view = await viewOf(cluster, pvc, destination);
  const step = nextStep(view);
  if (step.do === 'restore') await restore(cluster, pvc, step.from);
  if (step.do === 'handOver') await handOverVolume(cluster, view, step.volume);
  if (step.do === 'finish') await finish(cluster, view);
  if (step.do === 'wait' && step.reason === 'image' && isNew(step.reason))
    await cluster.record({ regarding: pvc, ...events.populatorWaits(destination) });
}

async function viewOf(cluster: Cluster, pvc: PersistentVolumeClaim, name: string): Promise<PopulationView> {
  const { namespace = '', uid = '' } = pvc.metadata;
  const image = cluster.destinations.watch().get({ namespace, name })?.status?.latestImage;
  const prime = cluster.pvcs.watch().get({ namespace, name: primeName(uid) });
  return {
    pvc,
    prime,
    image: image?.kind === 'VolumeSnapshot' ? image.name : undefined,
    // Of no interest once the restore has begun.
    bindsLate: prime === undefined && (await bindsLate(cluster, pvc)),
  };
}

async function bindsLate(
  { storageClasses }: Cluster,
  { spec, status }: PersistentVolumeClaim,
): Promise<boolean> {
  const name = spec?.storageClassName ?? '';
  if (name === '' || status?.phase === 'Bound') return false;
  return (await storageClasses.get({ namespace: '', name }))?.volumeBindingMode === 'WaitForFirstConsumer';
}

async function restore(cluster: Cluster, pvc: PersistentVolumeClaim, from: string): Promise<void> {
  const { namespace = '' } = pvc.metadata;
  const ref = { namespace, name: from };
  const prime = await create(cluster, primePvc(pvc, from));
  const snapshot = prime && (await cluster.volumeSnapshots.get(ref));
  if (prime === undefined || snapshot === undefined) return;
  const metadata = { ...asRead(snapshot), ...holdSnapshot(snapshot, pvc, prime) };
  await cluster.volumeSnapshots.patch(ref, { metadata });
}

async function create(
  { pvcs }: Cluster,
  prime: PersistentVolumeClaim,
): Promise<PersistentVolumeClaim | undefined> {
  try {
    return await pvcs.create(prime);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return pvcs.get(refOf(prime));
  }
}

async function handOverVolume(cluster: Cluster, { pvc, prime }: PopulationView, name: string): Promise<void> {
  const ref = { namespace: '', name };
  const volume = await cluster.volumes.get(ref);
  const patch = volume && prime && handOver(volume, pvc, restoredFromSnapshot(prime));
  if (volume === undefined || patch === undefined) return;
  await cluster.volumes.patch(ref, {
    metadata: { ...asRead(volume), ...patch.metadata },
    spec: patch.spec,
  });
}

async function finish(cluster: Cluster, { pvc, prime }: PopulationView): Promise<void> {
  if (prime === undefined) return;
  const { namespace = '' } = pvc.metadata;
  const ref = { namespace, name: restoredFromSnapshot(prime) };
  const snapshot = await cluster.volumeSnapshots.get(ref);
  if (snapshot !== undefined) {
    const metadata = { ...asRead(snapshot), ...letSnapshotGo(snapshot, pvc, prime.metadata.uid) };
    await cluster.volumeSnapshots.patch(ref, { metadata });
  }
  await cluster.record({ regarding: pvc, ...events.populatorFinished(populatedBy(pvc) ?? '') });
  await cluster.pvcs.delete(refOf(prime), uidOf(prime));
}

// For the validator of data sources, where the cluster has one: without it every PVC of ours would be warned about.
async function announcePopulator({ volumePopulators }: Cluster, log: Log): Promise<void> {
  const sourceKind = { group: 'volsync.backube', kind: 'ReplicationDestination' };
  try {
    await volumePopulators.create({ metadata: { name: 'volsync-replicationdestination' }, sourceKind });
  } catch (error) {
    // It warns people, and is in the way of nothing.
    if (!isAlreadyExists(error) && !isUnknownKind(error)) log.error('populator not announced', { error });
  }
}
