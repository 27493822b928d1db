// Waits for the mover's pod to start, and says what it waits for: at once in the heartbeat, after a minute as
// a Warning event on the source. The wait has an end (VolSync MV-4 has neither).
import type { Job, KubernetesObject } from '../api/kubernetes.ts';
import { goDuration } from '../domain/duration.ts';
import { events } from '../domain/events.ts';
import { failures } from '../domain/failures.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { MoverState } from '../movers/mover-state.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import { refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import type { MoverWatch } from './mover-watch.ts';
import { findOwner } from './owner.ts';
import type { MoverTask } from './mover-task.ts';
import { after } from './watching.ts';

export interface Pending {
  readonly signal: AbortSignal;
  readonly note: (details: object) => void;
  readonly task: MoverTask;
  readonly job: Job;
  readonly watch: MoverWatch;
}

type Started = Exclude<MoverState, { kind: 'pending' }>;

const EXPLAINED_AFTER_MS = 60_000;
const LONGEST_EXPLANATION = 900;

/** Resolves once the mover runs, or is over already; throws MoverPending when it does neither for too long. */
export async function startedMover(context: SyncContext, pending: Pending): Promise<Started> {
  const { cluster } = context;
  const { job, task, watch, signal, note } = pending;
  const { moverPendingMs } = task.limits;
  const until = Date.parse(job.metadata.creationTimestamp ?? '') + moverPendingMs;
  let said: string | undefined;
  for (;;) {
    const patience = after(Math.min(EXPLAINED_AFTER_MS, moverPendingMs / 2, until - cluster.now()));
    const started = await startsWithin(pending, patience);
    if (started !== undefined) return started;
    const state = watch.now();
    if (state.kind !== 'pending') return state;
    const why = await explain(cluster, state, pending);
    note({ phase: why });
    if (cluster.now() >= until)
      throw refusal(failures.moverPending(job.metadata.name, goDuration(moverPendingMs), why));
    if (why !== said) await announce(context, pending, why);
    said = why;
    signal.throwIfAborted();
  }
}

async function startsWithin({ watch, signal, note }: Pending, patience: AbortSignal) {
  const isStarted = (state: MoverState): state is Started => {
    if (state.kind === 'pending') note({ phase: state.why });
    return state.kind !== 'pending';
  };
  try {
    return await watch.until(isStarted, AbortSignal.any([signal, patience]));
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return undefined;
  }
}

// A volume that cannot be attached, or a pod that may not be created, is told by events only.
async function explain(
  cluster: Cluster,
  state: MoverState & { kind: 'pending' },
  { job, signal }: Pending,
): Promise<string> {
  const about = [...unboundPvcs(cluster, job), state.pod ?? job];
  const warnings = await Promise.all(
    about.map((object) => cluster.warningsAbout(object, { signal }).catch(() => [])),
  );
  const shown = warnings.flatMap((notes) => notes.slice(-1));
  return [state.why, ...shown].join('; ').slice(0, LONGEST_EXPLANATION);
}

function unboundPvcs({ pvcs }: Cluster, job: Job): readonly KubernetesObject[] {
  const template = job.spec['template'] as {
    readonly spec?: { readonly volumes?: readonly { persistentVolumeClaim?: { claimName: string } }[] };
  };
  const { namespace } = refOf(job);
  return (template.spec?.volumes ?? [])
    .flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])
    .flatMap((name) => pvcs.watch().get({ namespace, name }) ?? [])
    .filter(({ status }) => status?.phase !== 'Bound');
}

async function announce({ cluster }: SyncContext, { task, job, signal }: Pending, why: string) {
  const owner = await findOwner(cluster, task.owner, signal);
  if (owner === undefined) return;
  await cluster.record({ regarding: owner, related: job, ...events.moverPending(job.metadata.name, why) });
}
