// Reads the source and all it names, and refuses what cannot work, before the application is asked (VolSync CT-2).
import type { KubernetesObject, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { SourceRef } from '../api/sync.ts';
import { failures } from '../domain/failures.ts';
import { planSource } from '../domain/plan.ts';
import type { SourcePlan } from '../domain/plan.ts';
import type { Resource } from '../kubernetes/cluster.ts';
import { isSupported, moverOf, optionsOf } from '../movers/index.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { readSource, supportedMover } from './source.ts';

export interface SyncInput {
  readonly source: ReplicationSource;
  readonly plan: SourcePlan;
  readonly pvc: PersistentVolumeClaim;
  readonly secretKeys: readonly string[];
  /** The namespace allows privileged movers. */
  readonly privileged: boolean;
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
  const secretKeys = await readSecretKeys(context, source, plan);
  await requireClasses(context, source, plan);
  const pvc = await readPvc(context, ref, plan);
  return { source, plan, pvc, secretKeys, privileged: await allowsPrivileged(context, ref.namespace) };
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
  if (pvc.status?.phase !== 'Bound') throw refusal(failures.pvcNotBound(name));
  return pvc;
}

async function readSecretKeys(
  { cluster }: SyncContext,
  source: ReplicationSource,
  plan: SourcePlan,
): Promise<readonly string[]> {
  const { namespace = '', name } = source.metadata;
  if (!isSupported(plan.mover))
    throw refusal(
      failures.sourceInvalid(
        `${namespace}/${name}`,
        `the mover ${plan.mover} is not supported by this version`,
      ),
    );
  const needed = moverOf(plan.mover).secret(optionsOf(source.spec ?? {}, plan.mover));
  if (needed.name === '')
    throw refusal(
      failures.sourceInvalid(`${namespace}/${name}`, `spec.${plan.mover}.repository must name a Secret`),
    );
  const secret = await cluster.secrets.get({ namespace, name: needed.name });
  if (secret === undefined) throw refusal(failures.secretMissing(`${namespace}/${needed.name}`));
  const keys = Object.keys(secret.data ?? {});
  const missing = needed.keys.filter((key) => (secret.data?.[key] ?? '') === '');
  if (missing.length > 0) throw refusal(failures.secretIncomplete(`${namespace}/${needed.name}`, missing));
  return keys;
}

async function requireClasses(
  { cluster }: SyncContext,
  { spec = {} }: ReplicationSource,
  { mover, volumeOptions }: SourcePlan,
): Promise<void> {
  const { storageClassName, volumeSnapshotClassName } = volumeOptions;
  const name = supportedMover(mover);
  const cacheClassName = moverOf(name).cache?.(optionsOf(spec, name)).storageClassName;
  for (const wanted of new Set([storageClassName, cacheClassName]))
    if (wanted !== undefined && !(await exists(cluster.storageClasses, wanted)))
      throw refusal(failures.classMissing('StorageClass', wanted));
  if (
    volumeSnapshotClassName !== undefined &&
    !(await exists(cluster.volumeSnapshotClasses, volumeSnapshotClassName))
  )
    throw refusal(failures.classMissing('VolumeSnapshotClass', volumeSnapshotClassName));
}

async function exists<T extends KubernetesObject>(resource: Resource<T>, name: string): Promise<boolean> {
  return (await resource.get({ namespace: '', name })) !== undefined;
}

async function allowsPrivileged({ cluster }: SyncContext, namespace: string): Promise<boolean> {
  const key = { namespace: '', name: namespace };
  const found = cluster.namespaces.watch().get(key) ?? (await cluster.namespaces.get(key));
  return found?.metadata.annotations?.['volsync.backube/privileged-movers']?.toLowerCase() === 'true';
}
