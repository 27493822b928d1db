// What the mover's Job is, with what only the cluster knows: the status of its owner, its namespace's rules, the node
// that its volume is bound to.
import type { Job, Namespace, PersistentVolumeClaim } from '../api/kubernetes.ts';
import { failures } from '../domain/failures.ts';
import { ANNOTATIONS_OF_RUN } from '../domain/names.ts';
import { moverJob } from '../movers/job.ts';
import type { MoverInput } from '../movers/mover.ts';
import type { Allowed } from '../movers/pod-security.ts';
import { placementOf } from '../movers/placement.ts';
import type { Placement } from '../movers/placement.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import type { MoverTask } from './mover-task.ts';
import { findOwner } from './owner.ts';

export interface JobFacts extends MoverTask {
  readonly run: string;
  readonly signal: AbortSignal;
  readonly leftMs: number;
  readonly data: PersistentVolumeClaim;
  /** From 1. */
  readonly attempt: number;
}

// The Job's own deadline is for the case that nobody of ours is there: else ours comes first, and says more.
const JOB_GRACE_MS = 60_000;
const DEBUG = 'volsync.backube/enable-debug-mover';

export async function describeJob(context: SyncContext, facts: JobFacts): Promise<Job> {
  const { cluster, settings } = context;
  const { owner, mover, secret, run, data, attempt, leftMs, privileged, startTime, cutTime, signal } = facts;
  const { consistency } = facts;
  const standing = await findOwner(cluster, owner, signal);
  if (standing === undefined) throw refusal(failures.ownerGone(owner));
  const { restricted } = await namespaceRules(context, owner.namespace);
  const readOnly = mover.side === 'source' && isReadOnly(data);
  return moverJob({
    owner,
    run,
    mover,
    input: {
      secret,
      status: resticStatusOf(standing),
      creationTime: standing.metadata.creationTimestamp ?? startTime,
      // Not the time of this attempt: none of them does more than the first one.
      now: Date.parse(cutTime ?? startTime),
      consistency,
    },
    image: settings.moverImage,
    place: {
      privileged,
      restricted,
      placement: await placementIn(context, facts),
      proxies: settings.proxies,
      debug: standing.metadata.annotations?.[DEBUG] !== undefined,
    },
    data: { claimName: data.metadata.name, readOnly },
    attempt,
    deadlineSeconds: Math.ceil((leftMs + JOB_GRACE_MS) / 1000),
  });
}

// A destination keeps none.
function resticStatusOf({ status }: { readonly status?: object | undefined }): MoverInput['status'] {
  return (status as { readonly restic?: MoverInput['status'] } | undefined)?.restic ?? {};
}

function isReadOnly({ status, spec }: PersistentVolumeClaim): boolean {
  const modes = status?.accessModes ?? spec?.accessModes ?? [];
  return modes.length === 1 && modes[0] === 'ReadOnlyMany';
}

// A volume that is not our own copy may be in use; so may one that the owner wants mounted besides.
async function placementIn({ cluster }: SyncContext, facts: JobFacts): Promise<Placement | undefined> {
  const { owner, mover, data, run, signal } = facts;
  const { namespace } = owner;
  const named = (mover.pod.moverVolumes ?? []).flatMap(({ volumeSource }) => {
    const name = volumeSource.persistentVolumeClaim?.['claimName'];
    return typeof name === 'string' ? (cluster.pvcs.watch().get({ namespace, name }) ?? []) : [];
  });
  const candidates = [...(isOfRun(data, run) ? [] : [data]), ...named];
  if (candidates.length === 0) return undefined;
  const pods = await cluster.pods.list({ namespace }, { signal });
  return candidates.map((pvc) => placementOf(pvc, pods)).find((placement) => placement !== undefined);
}

function isOfRun({ metadata }: PersistentVolumeClaim, run: string): boolean {
  return metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId] === run;
}

export async function namespaceRules({ cluster }: SyncContext, name: string): Promise<Allowed> {
  const key = { namespace: '', name };
  const found: Namespace | undefined =
    cluster.namespaces.watch().get(key) ?? (await cluster.namespaces.get(key));
  const { annotations = {}, labels = {} } = found?.metadata ?? {};
  return {
    privileged: annotations['volsync.backube/privileged-movers']?.toLowerCase() === 'true',
    restricted: labels['pod-security.kubernetes.io/enforce'] === 'restricted',
  };
}
