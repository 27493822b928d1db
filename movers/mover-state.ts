// What has become of a mover, read from its Job and its Job's pods: pending, running, ended or vanished.
import type { Job, Pod } from '../api/kubernetes.ts';

export type MoverState =
  | { readonly kind: 'pending'; readonly pod?: Pod; readonly why: string }
  | { readonly kind: 'running'; readonly pod: Pod }
  | { readonly kind: 'ended'; readonly pod: Pod; readonly exitCode: number; readonly why?: string }
  /** It left no exit code, and never will. */
  | { readonly kind: 'vanished'; readonly why: string };

export interface MoverSeen {
  /** The Job as it was last seen. */
  readonly job: Job;
  /** It was seen, and is not there any more. */
  readonly jobGone: boolean;
  /** Its pod was seen before. */
  readonly podSeen: boolean;
  /** Pods of its namespace. */
  readonly pods: readonly Pod[];
  readonly container: string;
}

const LONGEST_WHY = 500;

export function moverState(seen: MoverSeen): MoverState {
  const pod = podOf(seen.job, seen.pods);
  return pod === undefined ? withoutPod(seen) : withPod(pod, seen.container);
}

function withPod(pod: Pod, container: string): MoverState {
  const { containerStatuses = [], phase, reason, message } = pod.status ?? {};
  const { terminated, running, waiting } =
    containerStatuses.find(({ name }) => name === container)?.state ?? {};
  if (terminated !== undefined) {
    const why = whyEnded(pod, terminated.reason);
    return { kind: 'ended', pod, exitCode: terminated.exitCode, ...(why !== undefined && { why }) };
  }
  // Evicted, or lost with its node: its container left nothing to read.
  if (phase === 'Failed') return { kind: 'vanished', why: sentence(['its pod failed', reason, message]) };
  return running === undefined
    ? { kind: 'pending', pod, why: whyPending(pod, waiting) }
    : { kind: 'running', pod };
}

/** The Job's own pod: one of an earlier Job of this name may still be ending. */
function podOf(job: Job, pods: readonly Pod[]): Pod | undefined {
  const { uid } = job.metadata;
  return pods.find(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
}

/** Whether any pod of a Job of this name stands there. */
export function hasPods(jobName: string, pods: readonly Pod[]): boolean {
  return pods.some(({ metadata }) =>
    metadata.ownerReferences?.some(({ kind, name }) => kind === 'Job' && name === jobName),
  );
}

function withoutPod({ job, jobGone, podSeen }: MoverSeen): MoverState {
  if (jobGone) return { kind: 'vanished', why: 'its Job was removed' };
  const failed = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Failed' || type === 'FailureTarget') && status === 'True',
  );
  if (podSeen) return { kind: 'vanished', why: 'its pod was deleted' };
  if (failed !== undefined)
    return { kind: 'vanished', why: sentence(['its Job failed', failed.reason, failed.message]) };
  return { kind: 'pending', why: 'its Job has no pod yet' };
}

// `Error` and `Completed` say no more than the exit code.
function whyEnded({ metadata, status }: Pod, reason: string | undefined): string | undefined {
  const telling = reason === 'Error' || reason === 'Completed' ? undefined : reason;
  const deleted = metadata.deletionTimestamp === undefined ? undefined : 'its pod was being deleted';
  const reasons = [telling, status?.reason, deleted].filter((part) => part !== undefined);
  return reasons.length > 0 ? reasons.join(', ') : undefined;
}

function whyPending(
  { status }: Pod,
  waiting: { readonly reason?: string; readonly message?: string } | undefined,
): string {
  const unscheduled = status?.conditions?.find(
    (found) => found.type === 'PodScheduled' && found.status === 'False',
  );
  const parts = [unscheduled?.reason, unscheduled?.message, waiting?.reason, waiting?.message];
  return sentence(['its pod is pending', ...parts]);
}

function sentence(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined && part !== '')
    .join(': ')
    .slice(0, LONGEST_WHY);
}
