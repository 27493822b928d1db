// What the shared watches show of one mover's Job and pod, without requests.
import type { Job } from '../api/kubernetes.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import { moverState } from '../movers/mover-state.ts';
import type { MoverState } from '../movers/mover-state.ts';
import { until } from './watching.ts';

export interface MoverWatch {
  /** Resolves with the first state that is wanted, now or at a later change. */
  until<S extends MoverState>(wanted: (state: MoverState) => state is S, signal: AbortSignal): Promise<S>;
  now(): MoverState;
}

export function watchMover({ jobs, pods }: Cluster, created: Job, container: string): MoverWatch {
  const ref = refOf(created);
  let job = created;
  let jobSeen = false;
  let podSeen = false;
  const now = (): MoverState => {
    const found = jobs.watch().get(ref);
    const standing = found?.metadata.uid === created.metadata.uid;
    if (found !== undefined && standing) job = found;
    jobSeen ||= standing;
    const seen = { job, jobGone: jobSeen && !standing, podSeen, pods: pods.watch().list(ref.namespace) };
    const state = moverState({ ...seen, container });
    podSeen ||= 'pod' in state;
    return state;
  };
  return {
    now,
    until: (wanted, signal) => {
      const look = () => {
        const state = now();
        return wanted(state) ? state : undefined;
      };
      return until([pods.watch(), jobs.watch()], look, signal);
    },
  };
}
