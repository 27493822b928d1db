// Creates the copy's object under its computed name, or finds the one that an earlier attempt created, and
// waits for the cut.
import type { KubernetesObject, PersistentVolumeClaim, VolumeSnapshot } from '../api/kubernetes.ts';
import type { SyncPlan } from '../api/sync.ts';
import { cloneOf, isOurCopy, likenessOf, snapshotOf } from '../domain/copy.ts';
import type { CopyOrder, VolumeOptions } from '../domain/copy.ts';
import { wholeSeconds } from '../domain/time.ts';
import { failures } from '../domain/failures.ts';
import { copyName } from '../domain/names.ts';
import type { Resource } from '../kubernetes/cluster.ts';
import { KubernetesError, isAlreadyExists, isRefused } from '../kubernetes/kubernetes-error.ts';
import { refusal } from './context.ts';
import type { Taking } from './context.ts';

/** Returns the copy's name. Without a window, the run alone names it. */
export async function createCopy(taking: Taking, windowId?: string): Promise<string> {
  const { context, plan, run, runId, signal } = taking;
  const { cluster } = context;
  const pvc = { name: plan.pvc.name, ...likenessOf(await standingPvc(taking)) };
  const name = copyName(plan.source.name, windowId ?? runId, run);
  const order = orderOf(plan, { run, name, pvc, ...(windowId !== undefined && { windowId }) });
  if (plan.copyMethod === 'Clone') await getOrCreate(cluster.pvcs, cloneOf(order), { order, signal });
  else await getOrCreate(cluster.volumeSnapshots, snapshotOf(order), { order, signal });
  return order.name;
}

/** What the copy of this plan is made from and called. */
export function orderOf(
  plan: SyncPlan,
  copy: Pick<CopyOrder, 'run' | 'name' | 'pvc' | 'windowId'>,
): CopyOrder {
  return { source: plan.source, options: volumeOptionsOf(plan), ...copy };
}

/** The pvc that the plan was made for; one that was created anew under its name is another. */
export async function standingPvc({
  context,
  plan,
  pvc: ref,
  signal,
}: Pick<Taking, 'context' | 'plan' | 'pvc' | 'signal'>): Promise<PersistentVolumeClaim> {
  const { pvcs } = context.cluster;
  const pvc = pvcs.watch().get(ref) ?? (await pvcs.get(ref, { signal }));
  if (pvc?.metadata.uid === plan.pvc.uid) return pvc;
  throw refusal(failures.pvcMissing(`${ref.namespace}/${ref.name}`));
}

/** An object found under the name is used only if it was made for this very run and window (invariant 6). */
export async function getOrCreate<T extends KubernetesObject>(
  resource: Resource<T>,
  object: T,
  { order, signal }: { order: CopyOrder; signal: AbortSignal },
): Promise<T> {
  try {
    return await resource.create(object, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw orRefusal(error, object);
  }
  const { name, namespace = '' } = object.metadata;
  const found = await resource.get({ namespace, name }, { signal });
  if (found === undefined || !isOurCopy(found, order))
    throw refusal(failures.foreignObject(`${object.kind} ${namespace}/${name}`));
  return found;
}

/** Nobody stands still for an object that the API server will not have. */
export function orRefusal(error: unknown, { kind, metadata }: KubernetesObject): unknown {
  if (!(error instanceof KubernetesError) || !isRefused(error)) return error;
  return refusal(failures.objectRefused(`${kind} ${metadata.namespace}/${metadata.name}`, error.message));
}

/** Resolves with the instant at which the storage fixed the image: from then on the application may write. */
export async function cutTimeOf(
  { context, plan }: Taking,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const { cluster } = context;
  const ref = { namespace: plan.source.namespace, name };
  if (plan.copyMethod === 'Clone') {
    await cluster.pvcs.watch().waitFor(ref, (clone) => (clone && isBound(clone)) || undefined, signal);
    return wholeSeconds(cluster.now()); // A bound clone does not say when it was cut; it was before now.
  }
  return cluster.volumeSnapshots.watch().waitFor(ref, (snapshot) => snapshot?.status?.creationTime, signal);
}

/** Whether this copy's image is fixed. A VolumeSnapshot's status.error is not final: its controller tries again. */
export function isCut(copy: VolumeSnapshot | PersistentVolumeClaim, plan: SyncPlan): boolean {
  if (isSnapshot(copy)) return copy.status?.creationTime !== undefined;
  return plan.copyMethod === 'Clone' && isBound(copy);
}

/** The volume options in the mover's section of the plan's spec. */
export function volumeOptionsOf(plan: SyncPlan): VolumeOptions {
  const section = plan.mover === 'rsync-tls' ? 'rsyncTLS' : plan.mover;
  return (plan.spec[section] ?? {}) as VolumeOptions;
}

function isSnapshot(copy: VolumeSnapshot | PersistentVolumeClaim): copy is VolumeSnapshot {
  return copy.spec !== undefined && 'source' in copy.spec;
}

function isBound(pvc: PersistentVolumeClaim): boolean {
  return pvc.status?.phase === 'Bound';
}
