// Creates the copy's object under its computed name, or finds the one that an earlier attempt created, and
// waits for the cut.
import type {
  KubernetesObject,
  ObjectRef,
  PersistentVolumeClaim,
  VolumeSnapshot,
} from '../api/kubernetes.ts';
import type { Consistency, SyncPlan } from '../api/sync.ts';
import { cloneOf, cutOf, isOurCopy, likenessOf, snapshotOf } from '../domain/copy.ts';
import type { CopyOrder, VolumeOptions } from '../domain/copy.ts';
import { wholeSeconds } from '../domain/time.ts';
import { failures } from '../domain/failures.ts';
import { copyName } from '../domain/names.ts';
import { SECTIONS } from '../domain/plan.ts';
import type { Resource } from '../kubernetes/cluster.ts';
import { KubernetesError, isAlreadyExists, isRefused } from '../kubernetes/kubernetes-error.ts';
import { refusal } from './context.ts';
import type { Taking } from './context.ts';
import { requireClass } from './require-objects.ts';
import { after } from './watching.ts';

/** Returns the copy's name. Without a window, the run alone names it. */
export async function createCopy(
  taking: Taking,
  consistency: Consistency,
  windowId?: string,
): Promise<string> {
  const { context, plan, run, runId, signal } = taking;
  const { cluster } = context;
  const pvc = { name: plan.pvc.name, ...likenessOf(await standingPvc(taking)) };
  const name = copyName(plan.source.name, windowId ?? runId, run);
  const made = { run, name, pvc, consistency, ...(windowId !== undefined && { windowId }) };
  const order = orderOf(plan, made);
  const isOurs = (found: KubernetesObject) => isOurCopy(found, order);
  if (plan.copyMethod === 'Clone') await getOrCreate(cluster.pvcs, cloneOf(order), { isOurs, signal });
  else await getOrCreate(cluster.volumeSnapshots, snapshotOf(order), { isOurs, signal });
  return order.name;
}

/** What the copy of this plan is made from and called. */
export function orderOf(
  plan: SyncPlan,
  copy: Pick<CopyOrder, 'run' | 'name' | 'pvc' | 'windowId' | 'consistency'>,
): CopyOrder {
  const { source, releaseAt } = plan;
  return { source, options: volumeOptionsOf(plan), releaseAt, ...copy };
}

/** The pvc that the plan was made for; one that was created anew under its name is another. */
export async function standingPvc({
  context,
  plan,
  pvc: ref,
  signal,
}: Pick<Taking, 'context' | 'plan' | 'pvc' | 'signal'>): Promise<PersistentVolumeClaim> {
  const { pvcs } = context.cluster;
  return requirePvc({ plan, pvc: ref }, pvcs.watch().get(ref) ?? (await pvcs.get(ref, { signal })));
}

function requirePvc(
  { plan, pvc: ref }: Pick<Taking, 'plan' | 'pvc'>,
  pvc: PersistentVolumeClaim | undefined,
): PersistentVolumeClaim {
  if (pvc?.metadata.uid === plan.pvc.uid) return pvc;
  throw refusal(failures.pvcMissing(`${ref.namespace}/${ref.name}`));
}

/** An object found under the name is used only if it is ours: a copy if it was made for this very run and window (invariant 6). */
export async function getOrCreate<T extends KubernetesObject>(
  resource: Resource<T>,
  object: T,
  { isOurs, signal }: { isOurs: (found: T) => boolean; signal: AbortSignal },
): Promise<T> {
  try {
    return await resource.create(object, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw orRefusal(error, object);
  }
  const { name, namespace = '' } = object.metadata;
  const found = await resource.get({ namespace, name }, { signal });
  if (found === undefined || !isOurs(found))
    throw refusal(failures.foreignObject(`${object.kind} ${namespace}/${name}`));
  return found;
}

/** Nobody stands still for an object that the API server will not have. */
export function orRefusal(error: unknown, { kind, metadata }: KubernetesObject): unknown {
  if (!(error instanceof KubernetesError) || !isRefused(error)) return error;
  return refusal(failures.objectRefused(`${kind} ${metadata.namespace}/${metadata.name}`, error.message));
}

/** Resolves with the instant at which the storage fixed the image: from then on the application may write. */
export async function cutTimeOf(taking: Taking, name: string, signal: AbortSignal): Promise<string> {
  const { cluster } = taking.context;
  const ref = { namespace: taking.plan.source.namespace, name };
  if (taking.plan.copyMethod === 'Clone') {
    await seen(taking, { resource: cluster.pvcs, ref, look: (clone) => isBound(clone) || undefined, signal });
    return wholeSeconds(cluster.now()); // A bound clone does not say when it was cut; it was before now.
  }
  return seen(taking, { resource: cluster.volumeSnapshots, ref, look: cutOf, signal });
}

interface Looking<T extends KubernetesObject, R> {
  readonly resource: Resource<T>;
  readonly ref: ObjectRef;
  readonly look: (copy: T) => R | undefined;
  readonly signal: AbortSignal;
}

// A watch that has fallen silent is noticed after a minute and a half: too long for an application that stands still.
const LOOK_LIVE_EVERY_MS = 10_000;

async function seen<T extends KubernetesObject, R>(
  taking: Taking,
  { resource, ref, look, signal }: Looking<T, R>,
): Promise<R> {
  for (;;) {
    const patience = after(LOOK_LIVE_EVERY_MS);
    const either = AbortSignal.any([signal, patience]);
    try {
      return await resource.watch().waitFor(ref, (copy) => copy && look(copy), either);
    } catch (error) {
      if (signal.aborted || !patience.aborted) throw error;
    }
    const live = await resource.get(ref, { signal });
    const answer = live && look(live);
    if (answer !== undefined) return answer;
    requirePvc(taking, await taking.context.cluster.pvcs.get(taking.pvc, { signal }));
    if (live !== undefined) await requireItsClass(taking, live);
  }
}

// A class that was removed since the plan was validated: the storage would be waited for in vain.
async function requireItsClass({ context: { cluster } }: Taking, copy: KubernetesObject): Promise<void> {
  const { spec = {} } = copy as { readonly spec?: CopyClasses };
  const { volumeSnapshotClassName, storageClassName } = spec;
  if (volumeSnapshotClassName !== undefined)
    await requireClass(cluster.volumeSnapshotClasses, 'VolumeSnapshotClass', volumeSnapshotClassName);
  if (storageClassName !== undefined)
    await requireClass(cluster.storageClasses, 'StorageClass', storageClassName);
}

interface CopyClasses {
  readonly volumeSnapshotClassName?: string;
  readonly storageClassName?: string;
}

/** Whether this copy's image is fixed. A VolumeSnapshot's status.error is not final: its controller tries again. */
export function isCut(copy: VolumeSnapshot | PersistentVolumeClaim, plan: SyncPlan): boolean {
  if (isSnapshot(copy)) return cutOf(copy) !== undefined;
  return plan.copyMethod === 'Clone' && isBound(copy);
}

/** The volume options in the mover's section of the plan's spec. */
export function volumeOptionsOf(plan: SyncPlan): VolumeOptions {
  return (plan.spec[SECTIONS[plan.mover]] ?? {}) as VolumeOptions;
}

function isSnapshot(copy: VolumeSnapshot | PersistentVolumeClaim): copy is VolumeSnapshot {
  return copy.spec !== undefined && 'source' in copy.spec;
}

function isBound(pvc: PersistentVolumeClaim): boolean {
  return pvc.status?.phase === 'Bound';
}
