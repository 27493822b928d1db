// In which phase the syncs of a pvc are, by what stands in the cluster.
import type { Pod } from '../../api/kubernetes.ts';

/** In the order of a sync; `between` two of them nobody is asked and nothing is carried away. */
export const PHASES = [
  'between',
  'waiting',
  'accepted',
  'cutting',
  'cut',
  'released',
  'mover-pending',
  'mover-running',
  'closing',
] as const;
export type Phase = (typeof PHASES)[number];

export interface Seen {
  /** `latest-copy-status` of the pvc. */
  readonly status: string | undefined;
  /** Whether each copy that stands there is cut. */
  readonly cuts: readonly boolean[];
  readonly jobs: number;
  readonly moverPods: readonly Pod[];
}

/** Where several syncs share the pvc, that of the one that is furthest behind. */
export function phaseOf({ status, cuts, jobs, moverPods }: Seen): Phase {
  if (status === 'WaitingForTrigger') return 'waiting';
  if (status === 'InProgress') {
    if (cuts.length === 0) return 'accepted';
    return cuts.every(Boolean) ? 'cut' : 'cutting';
  }
  if (jobs === 0) return cuts.length === 0 ? 'between' : 'released';
  const phases = moverPods.map((pod) => pod.status?.phase);
  if (phases.includes('Running')) return 'mover-running';
  return phases.length > 0 && !phases.includes('Pending') ? 'closing' : 'mover-pending';
}
