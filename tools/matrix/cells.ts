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

/** Of a destination, where nobody stands still: a restore, the wait for a sender, and the image of what came. */
export const DESTINATION_PHASES = ['restoring', 'receiving', 'imaging'] as const;
export type DestinationPhaseName = (typeof DESTINATION_PHASES)[number];

const DESTINATION_FAULTS: readonly FaultName[] = ['worker', 'temporal', 'kube-apiserver'];

interface CellOf<Phase extends string> {
  /** `fault/phase`. */
  readonly name: string;
  readonly fault: FaultName;
  readonly phase: Phase;
}
export type Cell = CellOf<PhaseName>;
export type DestinationCell = CellOf<DestinationPhaseName>;

/** Phase by phase, so that a defect of a phase shows early. All of them can be: the fault proxy makes short phases long. */
export const SOURCE_CELLS = cross(PHASES, FAULTS);
export const DESTINATION_CELLS = cross(DESTINATION_PHASES, DESTINATION_FAULTS);
export const CELLS: readonly (Cell | DestinationCell)[] = [...SOURCE_CELLS, ...DESTINATION_CELLS];

function cross<Phase extends string>(
  phases: readonly Phase[],
  faults: readonly FaultName[],
): readonly CellOf<Phase>[] {
  return phases.flatMap((phase) => faults.map((fault) => ({ name: `${fault}/${phase}`, fault, phase })));
}
