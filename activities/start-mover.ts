// Makes what the mover's Job needs (the PVC restored from the snapshot, the cache) and the Job itself, once for
// each attempt: an edit of the source in mid-move changes nothing (VolSync MV-2). Its fixed name is what keeps two
// movers of one source apart: another run's Job, and one that has failed, is removed and its pods waited for.
import type { Job, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Copy, SyncPlan } from '../api/sync.ts';
import { likenessOf, restoredFrom } from '../domain/copy.ts';
import { failures } from '../domain/failures.ts';
import { cacheName, crc32, LABELS, moverJobName } from '../domain/names.ts';
import { attemptOf, cachePvc, isAnswered, moverJob } from '../movers/job.ts';
import { moverOf, optionsOf } from '../movers/index.ts';
import { hasPods } from '../movers/mover-state.ts';
import { isAlreadyExists } from '../kubernetes/kubernetes-error.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { getOrCreate, orRefusal, orderOf, standingPvc } from './copy-object.ts';
import { overdue } from './mover-deadline.ts';
import { uidOf } from './mover-watch.ts';
import { readySnapshot } from './ready-snapshot.ts';
import { findSource, supportedMover } from './source.ts';
import { until } from './watching.ts';

// The Job's own deadline is for the case that nobody of ours is there: else ours comes first, and says more.
const JOB_GRACE_MS = 60_000;

export interface Starting {
  readonly plan: SyncPlan;
  readonly copy: Copy;
  readonly run: string;
  readonly signal: AbortSignal;
  /** Until the mover's deadline; all of it when absent. */
  readonly leftMs?: number;
  readonly note?: (details: object) => void;
}

/** Returns this run's Job, made now or by an earlier attempt. */
export async function startMover(context: SyncContext, starting: Starting): Promise<Job> {
  const { plan, run, signal, leftMs = 1, note = () => undefined } = starting;
  const { cluster } = context;
  const mover = moverOf(supportedMover(plan.mover));
  const ref = { namespace: plan.source.namespace, name: moverJobName(mover.jobPrefix, plan.source.name) };
  const standing = cluster.jobs.watch().get(ref);
  const own = standing !== undefined && isJobOf(standing, run) ? standing : undefined;
  if (own !== undefined && !isAnswered(own)) return own;
  if (leftMs <= 0) throw overdue(plan);
  if (standing !== undefined) {
    note({ phase: `waiting until the Job ${ref.name} of an earlier attempt or sync is gone` });
    await remove(context, standing, signal);
  }
  note({ phase: 'waiting for the copy to be readable' });
  const data = await dataPvc(context, starting);
  await ensureCache(context, starting, data);
  const attempt = own === undefined ? 1 : attemptOf(own) + 1;
  return createJob(context, starting, await describeJob(context, starting, { data, attempt }));
}

async function createJob({ cluster }: SyncContext, { run, signal }: Starting, job: Job): Promise<Job> {
  try {
    return await cluster.jobs.create(job, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw orRefusal(error, job);
  }
  const ref = refOf(job);
  const standing = await cluster.jobs.get(ref, { signal });
  if (standing !== undefined && isJobOf(standing, run)) return standing;
  throw refusal(failures.foreignObject(`Job ${ref.namespace}/${ref.name}`));
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
  const pvcRef = { namespace: plan.source.namespace, name: plan.pvc.name };
  // The pvc may be gone by now: its data is in the snapshot. (A plan of an earlier version does not say what it was like.)
  const like = plan.pvc.like ?? likenessOf(await standingPvc({ context, plan, pvc: pvcRef, signal }));
  const windowId = snapshot.metadata.labels?.[LABELS.copyWindow];
  const order = orderOf(plan, {
    run: starting.run,
    name: copy.name,
    pvc: { name: plan.pvc.name, ...like },
    ...(windowId !== undefined && { windowId }),
  });
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
  { plan, copy, run, signal, leftMs = plan.limits.moverDeadlineMs }: Starting,
  { data, attempt }: { readonly data: PersistentVolumeClaim; readonly attempt: number },
): Promise<Job> {
  const { cluster, settings } = context;
  const name = supportedMover(plan.mover);
  const source = await findSource(cluster, plan.source, signal);
  if (source === undefined)
    throw refusal(failures.sourceGone(`${plan.source.namespace}/${plan.source.name}`));
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
      // Not the time of this attempt: none of them does more than the first one.
      now: Date.parse(copy.times.cutTime ?? plan.startTime),
    },
    image: settings.moverImage,
    privileged: plan.privileged,
    data: { claimName: data.metadata.name, readOnly: isReadOnly(data) },
    attempt,
    deadlineSeconds: Math.ceil((leftMs + JOB_GRACE_MS) / 1000),
  });
}

function isReadOnly({ status, spec }: PersistentVolumeClaim): boolean {
  const modes = status?.accessModes ?? spec?.accessModes ?? [];
  return modes.length === 1 && modes[0] === 'ReadOnlyMany';
}

async function remove({ cluster }: SyncContext, job: Job, signal: AbortSignal): Promise<void> {
  const ref = refOf(job);
  await cluster.jobs.delete(ref, uidOf(job), { signal });
  const look = () => {
    const standing = cluster.jobs.watch().get(ref)?.metadata.uid === job.metadata.uid;
    return standing || hasPods(ref.name, cluster.pods.watch().list(ref.namespace)) ? undefined : true;
  };
  await until([cluster.jobs.watch(), cluster.pods.watch()], look, signal);
}

function isJobOf(job: Job, run: string): boolean {
  return job.metadata.labels?.[LABELS.run] === crc32(run) && job.metadata.deletionTimestamp === undefined;
}
