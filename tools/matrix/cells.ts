// The cells of the matrix: every fault in every phase of a sync.

/** Killed with SIGKILL, or stalled: no byte gets through for a while, and no connection ends. */
export const FAULTS = [
  'worker',
  'controller',
  'temporal',
  'kube-apiserver',
  'etcd',
  'snapshot-controller',
  'csi-snapshotter',
  'csi-driver',
  'network-to-temporal',
  'network-to-api-server',
] as const;
export type FaultName = (typeof FAULTS)[number];

/** In the order of a sync. */
export const PHASES = [
  'beginning',
  'waiting',
  'accepted',
  'cutting',
  'cut',
  'released',
  'mover-pending',
  'mover-running',
  'closing',
] as const;
export type PhaseName = (typeof PHASES)[number];

export interface Cell {
  /** `fault/phase`. */
  readonly name: string;
  readonly fault: FaultName;
  readonly phase: PhaseName;
}

/** Phase by phase, so that a defect of a phase shows early. All of them can be: the fault proxy makes short phases long. */
export const CELLS: readonly Cell[] = PHASES.flatMap((phase) =>
  FAULTS.map((fault) => ({ name: `${fault}/${phase}`, fault, phase })),
);
