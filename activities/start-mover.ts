// Makes what the mover's Job needs and the Job itself, once for each attempt: an edit of its owner in mid-run changes
// nothing (VolSync MV-2). Its fixed name is what keeps two movers of one owner apart: another run's Job, and one that
// has failed, is removed and its pods waited for.
import type { Job, PersistentVolumeClaim } from '../api/kubernetes.ts';
import { failures } from '../domain/failures.ts';
import { cacheName, crc32, LABELS } from '../domain/names.ts';
import { uidOf } from '../domain/preconditions.ts';
import { attemptOf, cachePvc, isAnswered } from '../movers/job.ts';
import { hasPods } from '../movers/mover-state.ts';
import { isAlreadyExists } from '../kubernetes/kubernetes-error.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { orRefusal } from './copy-object.ts';
import { describeJob } from './describe-job.ts';
import { overdue } from './mover-deadline.ts';
import type { MoverTask } from './mover-task.ts';
import { until } from './watching.ts';

export interface Starting {
  readonly task: MoverTask;
  readonly run: string;
  readonly signal: AbortSignal;
  /** Until the mover's deadline; all of it when absent. */
  readonly leftMs?: number;
  readonly note?: (details: object) => void;
  /** The PVC that the mover reads or fills. */
  readonly data: () => Promise<PersistentVolumeClaim>;
}

/** Returns this run's Job, made now or by an earlier attempt. */
export async function startMover(context: SyncContext, starting: Starting): Promise<Job> {
  const { task, run, signal, leftMs = task.limits.moverDeadlineMs, note = () => undefined } = starting;
  const standing = context.cluster.jobs.watch().get(task.job);
  const own = standing !== undefined && isJobOf(standing, run) ? standing : undefined;
  if (own !== undefined && !isAnswered(own)) return own;
  if (leftMs <= 0) throw overdue(task);
  if (standing !== undefined) {
    note({ phase: `waiting until the Job ${task.job.name} of an earlier attempt or sync is gone` });
    await remove(context, standing, signal);
  }
  note({ phase: 'waiting for the volume' });
  const data = await starting.data();
  await ensureCache(context, starting, data);
  const attempt = own === undefined ? 1 : attemptOf(own) + 1;
  const job = await describeJob(context, { ...task, run, signal, leftMs, data, attempt });
  return createJob(context, starting, job);
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

async function ensureCache(
  { cluster }: SyncContext,
  { task: { owner, mover }, signal }: Starting,
  data: PersistentVolumeClaim,
): Promise<void> {
  const ref = { namespace: owner.namespace, name: cacheName(owner) };
  if (mover.cache === undefined || cluster.pvcs.watch().get(ref) !== undefined) return;
  try {
    await cluster.pvcs.create(cachePvc(owner, mover.cache, data), { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
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
