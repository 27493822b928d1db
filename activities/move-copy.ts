// move: wait until the copy can be read, start the mover's Job on it (or find the one that an earlier
// attempt started), follow its log for progress, and say what it moved.
import type { Job, ObjectRef, Pod } from '../api/kubernetes.ts';
import type { Copy, Moved, SyncPlan } from '../api/sync.ts';
import { LABELS } from '../domain/names.ts';
import { failures } from '../domain/failures.ts';
import { MoverLog } from '../movers/mover-log.ts';
import { moverOf } from '../movers/index.ts';
import { attended, currentRun, refusal } from './context.ts';
import type { Attended, SyncContext } from './context.ts';
import { startMover } from './start-mover.ts';
import { supportedMover } from './source.ts';
import { until } from './watching.ts';

/** Moves the copy's data away; safe to call again after a worker died: it finds its own Job. */
export async function moveCopy(context: SyncContext, plan: SyncPlan, copy: Copy): Promise<Moved> {
  return attended(async (attended) => {
    const { run } = currentRun();
    const startedAt = context.cluster.now();
    attended.note({ phase: 'waiting for the copy to be readable' });
    const job = await startMover(context, { plan, copy, run, signal: attended.signal });
    const ended = await followMover(context, { job, plan, attended });
    const { log, exitCode } = ended;
    const durationMs = Math.round(context.cluster.now() - startedAt);
    const mover = moverOf(supportedMover(plan.mover));
    const end = exitCode === 0 ? 'done' : mover.readExit(exitCode);
    if (end === 'done') return { ...log.moved(), durationMs, actions: actionsOf(job) };
    if (end === 'moved') return { ...log.moved(), logs: log.tail(), durationMs, actions: [] };
    // The next attempt must not find a Job that has failed already.
    await context.cluster.jobs.delete(refOf(job), uidOf(job));
    const failed = end === 'retry' ? failures.moverFailed : failures.moverRefused;
    throw refusal(failed(job.metadata.name, exitCode, log.tail()));
  });
}

interface Following {
  readonly job: Job;
  readonly plan: SyncPlan;
  readonly attended: Attended;
}

async function followMover(context: SyncContext, { job, plan, attended }: Following) {
  const { cluster } = context;
  const { signal } = attended;
  const mover = moverOf(supportedMover(plan.mover));
  const log = new MoverLog(mover);
  const pod = await podWith(context, job, {
    signal,
    ready: (found) => containerHasStarted(found),
    note: attended.note,
  });
  for await (const line of cluster.followLog(refOf(pod), mover.container, { signal })) {
    const progress = log.read(line);
    if (progress !== undefined) attended.note(progress);
  }
  const ended = await podWith(context, job, {
    signal,
    ready: (found) => exitCodeOf(found) !== undefined,
    note: attended.note,
  });
  return { log, exitCode: exitCodeOf(ended) ?? 1 };
}

interface PodWanted {
  readonly signal: AbortSignal;
  readonly ready: (pod: Pod) => boolean;
  readonly note: (details: unknown) => void;
}

// The Job's pod, once it is as wanted; a Job or pod that vanishes ends the attempt, and the next one starts anew.
async function podWith({ cluster }: SyncContext, job: Job, { signal, ready, note }: PodWanted): Promise<Pod> {
  const { namespace = '', name } = job.metadata;
  const run = job.metadata.labels?.[LABELS.run];
  let seen: Pod | undefined;
  const look = (): Pod | 'vanished' | undefined => {
    const pods = cluster.pods
      .watch()
      .list(namespace)
      .filter((pod) => isPodOf(pod, name, run));
    const pod = pods[0];
    const current = cluster.jobs.watch().get(refOf(job));
    if (pod === undefined) return seen !== undefined || hasFailed(current) ? 'vanished' : undefined;
    seen = pod;
    if (!ready(pod)) note({ phase: whyPending(pod) });
    return ready(pod) ? pod : undefined;
  };
  const found = await until([cluster.pods.watch(), cluster.jobs.watch()], look, signal);
  if (found !== 'vanished') return found;
  await cluster.jobs.delete(refOf(job), uidOf(job));
  throw refusal(failures.moverVanished(name));
}

function isPodOf({ metadata }: Pod, jobName: string, run: string | undefined): boolean {
  return metadata.labels?.['job-name'] === jobName && metadata.labels[LABELS.run] === run;
}

function containerHasStarted(pod: Pod): boolean {
  const state = pod.status?.containerStatuses?.[0]?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

function exitCodeOf(pod: Pod): number | undefined {
  return pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
}

// Shown as the activity's heartbeat: an unschedulable or image-pull-failing mover explains itself (VolSync MV-4).
function whyPending({ status }: Pod): string {
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  const unscheduled = status?.conditions?.find(
    (found) => found.type === 'PodScheduled' && found.status === 'False',
  );
  const reasons = [waiting?.reason, waiting?.message, unscheduled?.message].filter(
    (reason) => reason !== undefined,
  );
  return ['mover is pending', ...reasons].join(': ');
}

function hasFailed(job: Job | undefined): boolean {
  return job?.status?.conditions?.some(({ type, status }) => type === 'Failed' && status === 'True') ?? false;
}

function actionsOf(job: Job): readonly string[] {
  const template = job.spec['template'] as
    { spec?: { containers?: readonly { args?: readonly string[] }[] } } | undefined;
  return template?.spec?.containers?.[0]?.args ?? [];
}

function refOf({ metadata }: Job | Pod): ObjectRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function uidOf({ metadata }: Job): { uid?: string } {
  return metadata.uid === undefined ? {} : { uid: metadata.uid };
}
