// Who is killed when: all of it follows from the seed, so that the same command repeats what has failed.
import { chance } from '../matrix/chance.ts';

/** Our own programs, Temporal, and the parts of Kubernetes that a copy needs. */
export const VICTIMS = [
  'worker',
  'controller',
  'guard',
  'temporal',
  'kube-apiserver',
  'etcd',
  'snapshot-controller',
  'csi-snapshotter',
  'csi-driver',
] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Blow {
  readonly number: number;
  readonly victim: Victim;
  /** SIGKILL, and started again after a while; or SIGSTOP, and SIGCONT after a while. */
  readonly how: 'kill' | 'stall';
  /** From the check after the blow before. */
  readonly afterMs: number;
  /** How long the victim is away. */
  readonly lastsMs: number;
}

const AFTER_MOST_MS = 3_000;
const DEAD_MOST_MS = 4_000;
// Longer than a worker may be silent while an application stands still.
const STALLED = { leastMs: 2_000, mostMs: 8_000 };
const STALLS = 0.25;

/** Of two plans of one seed, the shorter one is the beginning of the longer one. */
export function planBlows(count: number, seed: string): readonly Blow[] {
  return Array.from({ length: count }, (_, index) => blow(index + 1, chance(`${seed}/blow ${index + 1}`)));
}

function blow(number: number, draw: () => number): Blow {
  const victim = VICTIMS[Math.floor(draw() * VICTIMS.length)] ?? 'worker';
  const how = draw() < STALLS ? 'stall' : 'kill';
  const afterMs = Math.round(draw() * AFTER_MOST_MS);
  const span = how === 'stall' ? STALLED : { leastMs: 0, mostMs: DEAD_MOST_MS };
  return {
    number,
    victim,
    how,
    afterMs,
    lastsMs: Math.round(span.leastMs + draw() * (span.mostMs - span.leastMs)),
  };
}
