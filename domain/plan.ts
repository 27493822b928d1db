// What a sync of this source would do, decided from the source alone; refuses what cannot work. Defaults
// and stricter rules than the CRD's live here, and nowhere else.
import type { ObjectMeta } from '../api/kubernetes.ts';
import type { ReplicationSource, ReplicationSourceSpec } from '../api/replication-source.ts';
import type { CopyMethod, MoverName, OverduePolicy, ReleaseAt, SyncLimits } from '../api/sync.ts';
import type { VolumeOptions } from './copy.ts';
import { durationMs } from './duration.ts';
import { failures } from './failures.ts';
import type { Failure } from './failures.ts';
import { ownerOf } from './ownership.ts';

/** Annotations of a source: settings that VolSync's spec has no field for. */
export const SOURCE_ANNOTATIONS = {
  freezeBound: 'stillpoint.dev/freeze-bound',
  releaseAt: 'stillpoint.dev/release-at',
  overdueAfter: 'stillpoint.dev/overdue-after',
  overduePolicy: 'stillpoint.dev/overdue-policy',
  waitDeadline: 'stillpoint.dev/wait-deadline',
  moverDeadline: 'stillpoint.dev/mover-deadline',
  moverPending: 'stillpoint.dev/mover-pending',
} as const;

export interface SourcePlan {
  readonly mover: MoverName;
  readonly copyMethod: CopyMethod;
  readonly releaseAt: ReleaseAt;
  readonly pvcName: string;
  /** The mover's section of the spec, as far as the copy is concerned. */
  readonly volumeOptions: VolumeOptions;
  readonly limits: SyncLimits;
}

export type SourceDecision = { readonly plan: SourcePlan } | { readonly refusal: Failure };

/** The section of a spec that holds each mover's options. */
export const SECTIONS = {
  restic: 'restic',
  rclone: 'rclone',
  'rsync-tls': 'rsyncTLS',
  rsync: 'rsync',
} as const satisfies Record<MoverName, keyof ReplicationSourceSpec>;

const MOVERS: readonly MoverName[] = ['restic', 'rclone', 'rsync-tls', 'rsync'];

/** `defaults` come from the worker's settings; annotations of the source win. */
export function planSource(source: ReplicationSource, defaults: SyncLimits): SourceDecision {
  const spec = source.spec ?? {};
  const refuse = (what: string) => ({ refusal: failures.ownerInvalid(ownerOf(source), what) });
  const chosen = chooseMover(spec);
  if (typeof chosen === 'string') return refuse(chosen);
  const { mover } = chosen;
  const section = SECTIONS[mover];
  const volumeOptions: VolumeOptions = spec[section] ?? {};
  const copyMethod = readCopyMethod(volumeOptions.copyMethod);
  if (copyMethod === undefined)
    return refuse(`spec.${section}.copyMethod must be one of Snapshot, Clone, Direct`);
  const pvcName = spec.sourcePVC ?? '';
  if (pvcName === '') return refuse('spec.sourcePVC must name the PVC to copy');
  const settings = readSettings(source.metadata, defaults);
  if (typeof settings === 'string') return refuse(settings);
  return { plan: { mover, copyMethod, pvcName, volumeOptions, ...settings } };
}

// What the annotations say, or what is wrong with one of them.
function readSettings(
  metadata: ObjectMeta,
  defaults: SyncLimits,
): Pick<SourcePlan, 'releaseAt' | 'limits'> | string {
  const releaseAt = metadata.annotations?.[SOURCE_ANNOTATIONS.releaseAt] ?? 'cut';
  if (releaseAt !== 'cut' && releaseAt !== 'ready')
    return `annotation ${SOURCE_ANNOTATIONS.releaseAt} must be cut or ready`;
  const overduePolicy = readOverduePolicy(metadata);
  if (overduePolicy === undefined)
    return `annotation ${SOURCE_ANNOTATIONS.overduePolicy} must be one of ${OVERDUE_POLICIES.join(', ')}`;
  const read = readLimits(metadata, SOURCE_LIMITS);
  if (typeof read === 'string') return read;
  const limits = { ...defaults, ...read, ...(overduePolicy !== 'wait' && { overduePolicy }) };
  // What is given up is overdue.
  const { overdueAfterMs, waitDeadlineMs = overdueAfterMs } = limits;
  return { releaseAt, limits: { ...limits, overdueAfterMs: Math.min(overdueAfterMs, waitDeadlineMs) } };
}

const OVERDUE_POLICIES: readonly OverduePolicy[] = ['wait', 'skip', 'fail', 'copy'];

function readOverduePolicy({ annotations = {} }: ObjectMeta): OverduePolicy | undefined {
  const wanted = annotations[SOURCE_ANNOTATIONS.overduePolicy] ?? 'wait';
  return OVERDUE_POLICIES.find((policy) => policy === wanted);
}

/** The sections of either kind's spec, as far as their presence is concerned. */
type Sections = Readonly<
  Partial<Record<(typeof SECTIONS)[MoverName] | 'external' | 'syncthing', object | undefined>>
>;

/** The one mover that the spec has a section for, or what is wrong. */
export function chooseMover(spec: Sections): { readonly mover: MoverName } | string {
  const movers = MOVERS.filter((mover) => spec[SECTIONS[mover]] !== undefined);
  const [mover] = movers;
  if (mover === undefined && spec.syncthing !== undefined)
    return `syncthing is not supported; use one of ${Object.values(SECTIONS).join(', ')}, or leave the source to VolSync`;
  if (mover === undefined)
    return `a replication method must be specified: one of ${Object.values(SECTIONS).join(', ')}`;
  const several = movers.length > 1 || spec.external !== undefined || spec.syncthing !== undefined;
  return several
    ? 'only one replication method can be supplied; remove all but one section from spec'
    : { mover };
}

/** `None` is VolSync's old name of `Direct`. */
function readCopyMethod(value: string | undefined): CopyMethod | undefined {
  if (value === 'None') return 'Direct';
  return value === 'Snapshot' || value === 'Clone' || value === 'Direct' ? value : undefined;
}

interface AnnotatedLimit<Limit> {
  readonly limit: Limit;
  readonly key: string;
  readonly least: string;
}

/** The limits of a mover that annotations may set, on either kind. */
export const MOVER_LIMITS = [
  { limit: 'moverDeadlineMs', key: SOURCE_ANNOTATIONS.moverDeadline, least: '10s' },
  { limit: 'moverPendingMs', key: SOURCE_ANNOTATIONS.moverPending, least: '5s' },
] as const;

const SOURCE_LIMITS = [
  { limit: 'freezeBoundMs', key: SOURCE_ANNOTATIONS.freezeBound, least: '5s' },
  { limit: 'overdueAfterMs', key: SOURCE_ANNOTATIONS.overdueAfter, least: '1s' },
  { limit: 'waitDeadlineMs', key: SOURCE_ANNOTATIONS.waitDeadline, least: '1s' },
  ...MOVER_LIMITS,
] as const;

/** What the annotations set, or what is wrong with one of them. */
export function readLimits<Limit extends string>(
  { annotations = {} }: ObjectMeta,
  limits: readonly AnnotatedLimit<Limit>[],
): Partial<Record<Limit, number>> | string {
  const read: Partial<Record<Limit, number>> = {};
  for (const { limit, key, least } of limits) {
    const text = annotations[key];
    if (text === undefined) continue;
    const milliseconds = durationMs(text);
    if (milliseconds === undefined || milliseconds < (durationMs(least) ?? 0))
      return `annotation ${key} must be a duration like 90s or 10m, at least ${least}`;
    read[limit] = milliseconds;
  }
  return read;
}
