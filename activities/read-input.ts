// Reads the source and all it names, and refuses what cannot work, before the application is asked (VolSync CT-2).
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { SourceRef } from '../api/sync.ts';
import { readCopyTrigger } from '../domain/copy-trigger.ts';
import { failures } from '../domain/failures.ts';
import { asOwner } from '../domain/ownership.ts';
import { planSource } from '../domain/plan.ts';
import type { SourcePlan } from '../domain/plan.ts';
import { readQuiesceQueue } from '../domain/quiesce-queue.ts';
import { moverOf } from '../movers/index.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { readMoverInput } from './mover-input.ts';
import { requireClass } from './require-objects.ts';
import { readSource } from './source.ts';

export interface SyncInput {
  readonly source: ReplicationSource;
  readonly plan: SourcePlan;
  readonly pvc: PersistentVolumeClaim;
  readonly secretKeys: readonly string[];
  /** The namespace allows privileged movers. */
  readonly privileged: boolean;
  /** The task queue of the owner's worker, where the pvc names one and asks at all. */
  readonly quiesceQueue: string | undefined;
}

/** Throws one sentence for the owner, which names the object and what to do. */
export async function readInput(
  context: SyncContext,
  ref: SourceRef,
  signal: AbortSignal,
): Promise<SyncInput> {
  const source = await readSource(context.cluster, ref, signal);
  const decided = planSource(source, context.settings.limits);
  if ('refusal' in decided) throw refusal(decided.refusal);
  const { plan } = decided;
  const owner = asOwner(ref);
  const mover = moverOf(plan.mover, owner.kind, source.spec ?? {});
  const { secretKeys, privileged } = await readMoverInput(context, { owner, mover, object: source, signal });
  await requireClasses(context, plan);
  const pvc = await readPvc(context, ref, plan);
  const quiesceQueue = plan.copyMethod === 'Direct' ? undefined : quiesceQueueOf(pvc, ref);
  return { source, plan, pvc, secretKeys, privileged, quiesceQueue };
}

async function readPvc(
  { cluster }: SyncContext,
  ref: SourceRef,
  plan: SourcePlan,
): Promise<PersistentVolumeClaim> {
  const key = { namespace: ref.namespace, name: plan.pvcName };
  const name = `${key.namespace}/${key.name}`;
  const watched = cluster.pvcs.watch().get(key);
  const pvc = watched?.status?.phase === 'Bound' ? watched : await cluster.pvcs.get(key);
  if (pvc === undefined || pvc.metadata.deletionTimestamp !== undefined)
    throw refusal(failures.pvcMissing(name));
  if (pvc.spec?.volumeMode === 'Block') throw refusal(failures.blockVolume(name));
  if (pvc.status?.phase !== 'Bound') throw refusal(failures.pvcNotBound(name));
  return pvc;
}

function quiesceQueueOf({ metadata }: PersistentVolumeClaim, { namespace }: SourceRef): string | undefined {
  const { name, annotations = {} } = metadata;
  if (readCopyTrigger(annotations).kind === 'unused') return undefined;
  const queue = readQuiesceQueue(annotations, namespace);
  if (queue.kind === 'none') return undefined;
  if (queue.kind === 'named') return queue.taskQueue;
  throw refusal(failures.quiesceQueueInvalid(`${namespace}/${name}`, queue.taskQueue, namespace));
}

async function requireClasses({ cluster }: SyncContext, { volumeOptions }: SourcePlan): Promise<void> {
  const { storageClassName, volumeSnapshotClassName } = volumeOptions;
  if (storageClassName !== undefined)
    await requireClass(cluster.storageClasses, 'StorageClass', storageClassName);
  if (volumeSnapshotClassName !== undefined)
    await requireClass(cluster.volumeSnapshotClasses, 'VolumeSnapshotClass', volumeSnapshotClassName);
}
