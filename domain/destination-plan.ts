// What a sync of this destination would do, decided from the destination alone; refuses what cannot work before
// anything is made or received. Defaults and stricter rules than the CRD's live here, and nowhere else.
import type { DestinationVolumeOptions, ResticDestinationOptions } from '../api/destination-options.ts';
import type { ReplicationDestination, ReplicationDestinationSpec } from '../api/replication-destination.ts';
import type { MoverLimits, MoverName } from '../api/sync.ts';
import { failures } from './failures.ts';
import type { Failure } from './failures.ts';
import { destinationPvcName } from './names.ts';
import { ownerOf } from './ownership.ts';
import { chooseMover, MOVER_LIMITS, readLimits, SECTIONS } from './plan.ts';

/** The PVC that receives the data: the owner's, or one that is made and stays between syncs (but see `pvcGoes`). */
export type DestinationVolume =
  | { readonly kind: 'given'; readonly name: string }
  | {
      readonly kind: 'dynamic';
      readonly name: string;
      readonly capacity: string;
      readonly accessModes: readonly string[];
      readonly storageClassName?: string;
    };

export interface DestinationPlan {
  readonly mover: MoverName;
  readonly copyMethod: 'Snapshot' | 'Direct';
  readonly volume: DestinationVolume;
  readonly volumeSnapshotClassName?: string;
  readonly limits: MoverLimits;
}

export type DestinationDecision = { readonly plan: DestinationPlan } | { readonly refusal: Failure };

/** `defaults` come from the worker's settings; annotations of the destination win. */
export function planDestination(
  destination: ReplicationDestination,
  defaults: MoverLimits,
): DestinationDecision {
  const { metadata, spec = {} } = destination;
  const refuse = (what: string) => ({ refusal: failures.ownerInvalid(ownerOf(destination), what) });
  const chosen = chooseMover(spec);
  if (typeof chosen === 'string') return refuse(chosen);
  const { mover } = chosen;
  const wanted = readSection(spec, mover, metadata.name);
  if ('problem' in wanted) return refuse(`spec.${SECTIONS[mover]}.${wanted.problem}`);
  const limits = readLimits(metadata, MOVER_LIMITS);
  if (typeof limits === 'string') return refuse(limits);
  return { plan: { mover, ...wanted, limits: { ...defaults, ...limits } } };
}

/**
 * Whether the PVC that was made to receive goes now that its sync has ended well. After one that failed it stays: what
 * has arrived need not be carried again (VolSync).
 */
export function pvcGoes(spec: ReplicationDestinationSpec, mover: MoverName): boolean {
  const { cleanupTempPVC, destinationPVC }: DestinationVolumeOptions = spec[SECTIONS[mover]] ?? {};
  return cleanupTempPVC === true && destinationPVC === undefined;
}

interface Problem {
  /** The field, and what is wrong with it. */
  readonly problem: string;
}

function readSection(
  spec: ReplicationDestinationSpec,
  mover: MoverName,
  name: string,
): Omit<DestinationPlan, 'mover' | 'limits'> | Problem {
  const options: DestinationVolumeOptions = spec[SECTIONS[mover]] ?? {};
  const { copyMethod, volumeSnapshotClassName } = options;
  const problem = copyMethodProblem(copyMethod) ?? problemOf(spec);
  if (problem !== undefined) return { problem };
  const volume = chooseVolume(options, destinationPvcName(mover, name));
  if ('problem' in volume) return volume;
  return {
    copyMethod: copyMethod === 'Snapshot' ? 'Snapshot' : 'Direct', // `None` is VolSync's old name of `Direct`.
    volume,
    ...(volumeSnapshotClassName !== undefined && { volumeSnapshotClassName }),
  };
}

// What is wrong with the one section that there is, but for its volume.
function problemOf({ restic, rclone, rsyncTLS, rsync }: ReplicationDestinationSpec): string | undefined {
  if (restic !== undefined) return resticProblem(restic);
  if (rclone !== undefined) return missing(rclone, ['rcloneConfigSection', 'rcloneDestPath', 'rcloneConfig']);
  return volumeModeProblem((rsyncTLS ?? rsync)?.volumeMode);
}

// VolSync says so of a clone only when everything has been transferred (RD-3).
function copyMethodProblem(value: DestinationVolumeOptions['copyMethod']): string | undefined {
  if (value === undefined) return 'copyMethod must be one of Snapshot, Direct';
  return value === 'Clone'
    ? 'copyMethod Clone cannot be the image of a destination; use Snapshot or Direct'
    : undefined;
}

function resticProblem(options: ResticDestinationOptions): string | undefined {
  const { previous = 0, restoreAsOf } = options;
  if (previous < 0) return `previous is ${previous}; it must be 0 or more`;
  if (restoreAsOf !== undefined && !isTime(restoreAsOf))
    return `restoreAsOf is ${JSON.stringify(restoreAsOf)}; write a time such as 2026-07-02T10:00:00Z`;
  return missing(options, ['repository']);
}

function volumeModeProblem(volumeMode: string | undefined): string | undefined {
  return volumeMode === undefined || volumeMode === 'Filesystem'
    ? undefined
    : `volumeMode ${volumeMode} is not supported; use Filesystem`;
}

// The first of these fields that is absent or empty.
function missing<Name extends string>(
  options: Readonly<Partial<Record<Name, string>>>,
  names: readonly Name[],
): string | undefined {
  const name = names.find((field) => (options[field] ?? '') === '');
  return name === undefined ? undefined : `${name} must be given`;
}

const TIME = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** RFC 3339, on a day that exists: `Date.parse` alone would take 31 February for 3 March. */
function isTime(text: string): boolean {
  const [, day = ''] = TIME.exec(text) ?? [];
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
}

// `name` is what a PVC of ours is called.
function chooseVolume(options: DestinationVolumeOptions, name: string): DestinationVolume | Problem {
  const { destinationPVC } = options;
  if (destinationPVC === undefined) return dynamicVolume(options, name);
  return destinationPVC === ''
    ? { problem: 'destinationPVC is empty; name a PVC, or remove the field' }
    : { kind: 'given', name: destinationPVC };
}

function dynamicVolume(options: DestinationVolumeOptions, name: string): DestinationVolume | Problem {
  const { capacity, accessModes, storageClassName, cleanupTempPVC } = options;
  if (capacity === undefined || accessModes === undefined) {
    const lacking = Object.entries({ capacity, accessModes }).filter(([, value]) => value === undefined);
    const fields = lacking.map(([field]) => field).join(' and ');
    return { problem: `${fields} must be given when destinationPVC is not` };
  }
  if (cleanupTempPVC === true && options.copyMethod !== 'Snapshot')
    return { problem: 'cleanupTempPVC would remove all that was received; use copyMethod Snapshot' };
  const ofClass = storageClassName === undefined ? {} : { storageClassName };
  return { kind: 'dynamic', name, capacity: String(capacity), accessModes, ...ofClass };
}
