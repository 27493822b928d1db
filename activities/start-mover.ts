// Makes what the mover's Job needs (the PVC restored from the snapshot, the cache) and the Job itself. Its
// fixed name is what keeps two movers of one source apart: another run's Job is removed and its pods waited for.
import type { Job, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Copy, SyncPlan } from '../api/sync.ts';
import { restoredFrom } from '../domain/copy.ts';
import { failures } from '../domain/failures.ts';
import { cacheName, crc32, LABELS, moverJobName } from '../domain/names.ts';
import { cachePvc, moverJob } from '../movers/job.ts';
import { moverOf, optionsOf } from '../movers/index.ts';
import { isAlreadyExists } from '../kubernetes/kubernetes-error.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { getOrCreate, orderOf } from './copy-object.ts';
import { readySnapshot } from './ready-snapshot.ts';
import { findSource, supportedMover } from './source.ts';
import { until } from './watching.ts';

export interface Starting {
  readonly plan: SyncPlan;
  readonly copy: Copy;
  readonly run: string;
  readonly signal: AbortSignal;
}

/** Returns this run's Job, made now or by an earlier attempt. */
export async function startMover(context: SyncContext, starting: Starting): Promise<Job> {
  const { plan, run, signal } = starting;
  const { cluster } = context;
  const mover = moverOf(supportedMover(plan.mover));
  const ref = { namespace: plan.source.namespace, name: moverJobName(mover.jobPrefix, plan.source.name) };
  const found = cluster.jobs.watch().get(ref);
  if (found !== undefined && isJobOf(found, run)) return found;
  if (found !== undefined) await removeForeign(context, found, signal);
  const data = await dataPvc(context, starting);
  await ensureCache(context, starting, data);
  const job = await describeJob(context, starting, data);
  try {
    return await cluster.jobs.create(job, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const standing = await cluster.jobs.get(ref, { signal });
    if (standing !== undefined && isJobOf(standing, run)) return standing;
    throw refusal(failures.foreignObject(`Job ${ref.namespace}/${ref.name}`));
  }
}

// The PVC that the Job reads: restored from the snapshot once that is ready, the clone, or the pvc itself.
async function dataPvc(context: SyncContext, starting: Starting): Promise<PersistentVolumeClaim> {
  const { plan, copy, signal } = starting;
  const { cluster } = context;
  const ref = { namespace: plan.source.namespace, name: copy.name };
  if (plan.copyMethod !== 'Snapshot') {
    const pvc = cluster.pvcs.watch().get(ref) ?? (await cluster.pvcs.get(ref, { signal }));
    if (pvc === undefined) throw refusal(failures.snapshotLost(copy.name, 'it was deleted'));
    return pvc;
  }
  const snapshot = await readySnapshot(context, ref, signal);
  const pvc = { namespace: plan.source.namespace, name: plan.pvc.name };
  const windowId = snapshot.metadata.labels?.[LABELS.copyWindow];
  const order = await orderOf(
    { context, plan, pvc, run: starting.run, runId: '', signal },
    copy.name,
    windowId,
  );
  return getOrCreate(cluster.pvcs, restoredFrom(order, snapshot), { order, signal });
}

async function ensureCache(
  context: SyncContext,
  { plan, signal }: Starting,
  data: PersistentVolumeClaim,
): Promise<void> {
  const { cluster } = context;
  const name = supportedMover(plan.mover);
  const cache = moverOf(name).cache?.(optionsOf(plan.spec, name));
  const ref = { namespace: plan.source.namespace, name: cacheName(plan.source.name) };
  if (cache === undefined || cluster.pvcs.watch().get(ref) !== undefined) return;
  try {
    await cluster.pvcs.create(cachePvc(plan.source, cache, data), { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function describeJob(
  context: SyncContext,
  { plan, run, signal }: Starting,
  data: PersistentVolumeClaim,
): Promise<Job> {
  const { cluster, settings } = context;
  const name = supportedMover(plan.mover);
  const source = await findSource(cluster, plan.source, signal);
  if (source === undefined)
    throw refusal(failures.sourceGone(`${plan.source.namespace}/${plan.source.name}`));
  const modes = data.status?.accessModes ?? data.spec?.accessModes ?? [];
  return moverJob({
    source: plan.source,
    run,
    mover: moverOf(name),
    input: {
      options: optionsOf(plan.spec, name),
      sourceName: plan.source.name,
      secretKeys: plan.secretKeys,
      status: source.status?.restic ?? {},
      creationTime: source.metadata.creationTimestamp ?? plan.startTime,
      now: cluster.now(),
    },
    image: settings.moverImage,
    privileged: plan.privileged,
    data: { claimName: data.metadata.name, readOnly: modes.length === 1 && modes[0] === 'ReadOnlyMany' },
  });
}

async function removeForeign({ cluster }: SyncContext, job: Job, signal: AbortSignal): Promise<void> {
  const { namespace = '', name, uid } = job.metadata;
  await cluster.jobs.delete({ namespace, name }, uid === undefined ? {} : { uid }, { signal });
  const look = () => {
    const standing = cluster.jobs.watch().get({ namespace, name })?.metadata.uid === uid;
    const pods = cluster.pods
      .watch()
      .list(namespace)
      .some((pod) => pod.metadata.labels?.['job-name'] === name);
    return standing || pods ? undefined : true;
  };
  await until([cluster.jobs.watch(), cluster.pods.watch()], look, signal);
}

function isJobOf(job: Job, run: string): boolean {
  return job.metadata.labels?.[LABELS.run] === crc32(run) && job.metadata.deletionTimestamp === undefined;
}
