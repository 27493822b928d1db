// What a sync of this source would do, decided from the source alone; refuses what cannot work. Defaults
// and stricter rules than the CRD's live here, and nowhere else.
import type { ReplicationSource, ReplicationSourceSpec } from '../api/replication-source.ts';
import type { CopyMethod, MoverName, SyncLimits } from '../api/sync.ts';
import type { VolumeOptions } from './copy.ts';
import { durationMs } from './duration.ts';
import { failures } from './failures.ts';
import type { Failure } from './failures.ts';

/** Annotations of a source: settings that VolSync's spec has no field for. */
export const SOURCE_ANNOTATIONS = {
  freezeBound: 'stillpoint.dev/freeze-bound',
  overdueAfter: 'stillpoint.dev/overdue-after',
  moverDeadline: 'stillpoint.dev/mover-deadline',
  moverPending: 'stillpoint.dev/mover-pending',
} as const;

export interface SourcePlan {
  readonly mover: MoverName;
  readonly copyMethod: CopyMethod;
  readonly pvcName: string;
  /** The mover's section of the spec, as far as the copy is concerned. */
  readonly volumeOptions: VolumeOptions;
  readonly limits: SyncLimits;
}

export type SourceDecision = { readonly plan: SourcePlan } | { readonly refusal: Failure };

const SECTIONS: readonly (readonly [
  keyof ReplicationSourceSpec & ('restic' | 'rclone' | 'rsyncTLS' | 'rsync'),
  MoverName,
])[] = [
  ['restic', 'restic'],
  ['rclone', 'rclone'],
  ['rsyncTLS', 'rsync-tls'],
  ['rsync', 'rsync'],
];

/** `defaults` come from the worker's settings; annotations of the source win. */
export function planSource(source: ReplicationSource, defaults: SyncLimits): SourceDecision {
  const spec = source.spec ?? {};
  const refuse = (what: string) => ({ refusal: failures.sourceInvalid(fullName(source), what) });
  const chosen = chooseMover(spec);
  if (typeof chosen === 'string') return refuse(chosen);
  const [section, mover] = chosen;
  const volumeOptions: VolumeOptions = spec[section] ?? {};
  const copyMethod = readCopyMethod(volumeOptions.copyMethod);
  if (copyMethod === undefined)
    return refuse(`spec.${section}.copyMethod must be one of Snapshot, Clone, Direct`);
  const pvcName = spec.sourcePVC ?? '';
  if (pvcName === '') return refuse('spec.sourcePVC must name the PVC to copy');
  const limits = readLimits(source, defaults);
  if (typeof limits === 'string') return refuse(limits);
  return { plan: { mover, copyMethod, pvcName, volumeOptions, limits } };
}

// The one mover that the spec has a section for, or what is wrong.
function chooseMover(spec: ReplicationSourceSpec): (typeof SECTIONS)[number] | string {
  const sections = SECTIONS.filter(([section]) => spec[section] !== undefined);
  const [chosen] = sections;
  if (chosen === undefined) return `a replication method must be specified: one of ${sectionNames()}`;
  const several = sections.length > 1 || spec.external !== undefined || spec.syncthing !== undefined;
  return several
    ? 'only one replication method can be supplied; remove all but one section from spec'
    : chosen;
}

/** `None` is VolSync's old name of `Direct`. */
function readCopyMethod(value: string | undefined): CopyMethod | undefined {
  if (value === 'None') return 'Direct';
  return value === 'Snapshot' || value === 'Clone' || value === 'Direct' ? value : undefined;
}

type AnnotatedLimit = 'freezeBoundMs' | 'overdueAfterMs' | 'moverDeadlineMs' | 'moverPendingMs';

const ANNOTATED: readonly { readonly limit: AnnotatedLimit; readonly key: string; readonly least: string }[] =
  [
    { limit: 'freezeBoundMs', key: SOURCE_ANNOTATIONS.freezeBound, least: '5s' },
    { limit: 'overdueAfterMs', key: SOURCE_ANNOTATIONS.overdueAfter, least: '1s' },
    { limit: 'moverDeadlineMs', key: SOURCE_ANNOTATIONS.moverDeadline, least: '10s' },
    { limit: 'moverPendingMs', key: SOURCE_ANNOTATIONS.moverPending, least: '5s' },
  ];

// The limits, or what is wrong with an annotation.
function readLimits(source: ReplicationSource, defaults: SyncLimits): SyncLimits | string {
  const annotations = source.metadata.annotations ?? {};
  const read: Partial<Record<AnnotatedLimit, number>> = {};
  for (const { limit, key, least } of ANNOTATED) {
    const text = annotations[key];
    if (text === undefined) continue;
    const milliseconds = durationMs(text);
    if (milliseconds === undefined || milliseconds < (durationMs(least) ?? 0))
      return `annotation ${key} must be a duration like 90s or 10m, at least ${least}`;
    read[limit] = milliseconds;
  }
  return { ...defaults, ...read };
}

function sectionNames(): string {
  return SECTIONS.map(([section]) => section).join(', ');
}

function fullName(source: ReplicationSource): string {
  return `${source.metadata.namespace}/${source.metadata.name}`;
}
