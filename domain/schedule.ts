// Which Temporal Schedule a source or destination wants. Two worlds must agree, so this says what to do and the
// controller does it. Temporal does not give cron strings back, hence a revision (a hash of everything that
// matters) travels in the arguments of the schedule's action and is what is compared.
import type { DestinationVolumeOptions } from '../api/destination-options.ts';
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { MoverName, OwnerObject, SourceRef } from '../api/sync.ts';
import { parseSchedule, isTimeZone } from './cron.ts';
import { durationMs } from './duration.ts';
import { scheduleIdOf, WORKFLOW_TYPES } from './messages.ts';
import { crc32, destinationPvcName } from './names.ts';
import { ownerOf } from './ownership.ts';
import { SECTIONS } from './plan.ts';

/** Annotations on a source or destination that say how its schedule behaves (docs/protocol.md). */
export const SCHEDULE_ANNOTATIONS = {
  firstSync: 'stillpoint.dev/first-sync',
  timeZone: 'stillpoint.dev/time-zone',
  jitter: 'stillpoint.dev/jitter',
  catchUpWindow: 'stillpoint.dev/catch-up-window',
} as const;

export interface WantedSchedule {
  readonly scheduleId: string;
  readonly workflowType: string;
  /** First argument of the workflow. */
  readonly ref: SourceRef;
  readonly revision: string;
  /** Empty for manual and for none: every sync is then started by the controller. */
  readonly cron: readonly string[];
  readonly timeZone: string;
  readonly jitterMs: number;
  readonly catchupWindowMs: number;
  readonly paused: boolean;
  readonly searchAttributes: Readonly<Record<'SyncSource' | 'SyncPvc' | 'SyncMover', string>>;
  readonly summary: string;
  readonly details: string;
  /** Why the schedule has no times although some are asked for: a sentence for the owner. */
  readonly refusal?: string;
}

/** What Temporal says of the schedule that stands there. */
export interface FoundSchedule {
  readonly uid: string | undefined;
  readonly revision: string | undefined;
}

/** `replace`: the object was created anew under its name, so the run of the old one ends. */
export type SchedulePlan<Found extends FoundSchedule = FoundSchedule> =
  | { readonly do: 'create'; readonly schedule: WantedSchedule; readonly object: OwnerObject }
  | {
      readonly do: 'keep' | 'update' | 'replace';
      readonly schedule: WantedSchedule;
      readonly object: OwnerObject;
      readonly found: Found;
    }
  | { readonly do: 'delete'; readonly found: Found }
  | { readonly do: 'nothing' };

export function planSchedule<Found extends FoundSchedule>(
  object: OwnerObject | undefined,
  found: Found | undefined,
): SchedulePlan<Found> {
  const schedule = object && wantedSchedule(object);
  if (object === undefined || schedule === undefined)
    return found === undefined ? { do: 'nothing' } : { do: 'delete', found };
  if (found === undefined) return { do: 'create', schedule, object };
  return { do: comparedWith(found, schedule), schedule, object, found };
}

function comparedWith(found: FoundSchedule, wanted: WantedSchedule): 'keep' | 'update' | 'replace' {
  if (found.uid !== wanted.ref.uid) return 'replace';
  return found.revision === wanted.revision ? 'keep' : 'update';
}

/** Undefined for what is not ours to serve (`spec.external`), or is being deleted. */
export function wantedSchedule(object: OwnerObject): WantedSchedule | undefined {
  const { kind, ...ref } = ownerOf(object);
  const spec = object.spec ?? {};
  const mover = moverInSpec(spec);
  if (object.metadata.deletionTimestamp !== undefined || mover === 'foreign') return undefined;
  const [name, pvc] = [`${ref.namespace}/${ref.name}`, pvcNameOf(object, mover) ?? 'none'];
  const times = timesOf(object);
  // The revision is made of this text: another order of the fields, or another word, has every schedule written anew.
  const schedule = {
    scheduleId: scheduleIdOf({ kind, ...ref }),
    source: ref,
    ...times,
    paused: spec.paused ?? false,
    searchAttributes: { SyncSource: name, SyncPvc: `${ref.namespace}/${pvc}`, SyncMover: mover },
    summary: `${name}: ${kind === 'ReplicationSource' ? `${pvc} → ${mover}` : `${mover} → ${pvc}`}`,
    details: detailsOf(object, times, pvc),
  };
  const { source: _, ...wanted } = schedule;
  return { ...wanted, ref, workflowType: WORKFLOW_TYPES[kind], revision: crc32(JSON.stringify(schedule)) };
}

export type TriggerKind = 'manual' | 'schedule' | 'none';

/** VolSync's precedence: a manual tag wins over a schedule. */
export function triggerKind({ spec }: OwnerObject): TriggerKind {
  const trigger = spec?.trigger;
  if (isSet(trigger?.manual)) return 'manual';
  return isSet(trigger?.schedule) ? 'schedule' : 'none';
}

const DEFAULT_TIME_ZONE = 'UTC';
// VolSync makes up for a missed slot, once, however long it was down; a day bounds what a restored server starts.
const DEFAULT_CATCH_UP_WINDOW = '24h';
const SHORTEST_CATCH_UP_WINDOW_MS = 10_000; // Temporal's minimum.

type Times = Pick<WantedSchedule, 'cron' | 'timeZone' | 'jitterMs' | 'catchupWindowMs' | 'refusal'>;

function timesOf(object: OwnerObject): Times {
  const settings = readSettings(object.metadata.annotations ?? {});
  if (settings.refusal !== undefined || triggerKind(object) !== 'schedule') return settings;
  const parsed = parseSchedule(object.spec?.trigger?.schedule ?? '');
  if (parsed.kind === 'refused') return { ...settings, refusal: `spec.trigger.schedule: ${parsed.message}` };
  return { ...settings, cron: parsed.temporal, timeZone: parsed.timeZone ?? settings.timeZone };
}

function readSettings(annotations: Readonly<Record<string, string>>): Times {
  const { timeZone: zoneKey, jitter: jitterKey, catchUpWindow: catchUpKey } = SCHEDULE_ANNOTATIONS;
  const timeZone = annotations[zoneKey] ?? DEFAULT_TIME_ZONE;
  const jitterMs = durationMs(annotations[jitterKey] ?? '0s');
  const catchupWindowMs = durationMs(annotations[catchUpKey] ?? DEFAULT_CATCH_UP_WINDOW);
  const refused = (key: string, expected: string): Times => ({
    cron: [],
    timeZone: DEFAULT_TIME_ZONE,
    jitterMs: 0,
    catchupWindowMs: SHORTEST_CATCH_UP_WINDOW_MS,
    refusal: `annotation ${key} is ${JSON.stringify(annotations[key])}, expected ${expected}`,
  });
  if (!isTimeZone(timeZone)) return refused(zoneKey, 'an IANA time zone such as Europe/Berlin');
  if (jitterMs === undefined) return refused(jitterKey, 'a duration such as 90s');
  if (catchupWindowMs === undefined || catchupWindowMs < SHORTEST_CATCH_UP_WINDOW_MS)
    return refused(catchUpKey, 'a duration of at least 10s');
  return { cron: [], timeZone, jitterMs, catchupWindowMs };
}

type Sections = 'restic' | 'rclone' | 'rsyncTLS' | 'rsync' | 'external' | 'syncthing';

/** `foreign` is served by somebody else. An object with several, with `none`, or with syncthing gets its schedule too: its sync refuses, and tells the owner. */
export function moverInSpec(
  spec: Readonly<Partial<Record<Sections, object>>>,
): MoverName | 'none' | 'foreign' {
  if (spec.restic !== undefined) return 'restic';
  if (spec.rclone !== undefined) return 'rclone';
  if (spec.rsyncTLS !== undefined) return 'rsync-tls';
  if (spec.rsync !== undefined) return 'rsync';
  return spec.external === undefined || spec.syncthing !== undefined ? 'none' : 'foreign';
}

// The PVC that is copied, or that receives the data.
function pvcNameOf(object: OwnerObject, mover: ReturnType<typeof moverInSpec>): string | undefined {
  if (!isDestination(object)) return object.spec?.sourcePVC;
  if (mover === 'none' || mover === 'foreign') return undefined;
  const options: DestinationVolumeOptions | undefined = object.spec?.[SECTIONS[mover]];
  return options?.destinationPVC ?? destinationPvcName(mover, object.metadata.name);
}

function isDestination(object: OwnerObject): object is ReplicationDestination {
  return object.kind === 'ReplicationDestination';
}

// Markdown, shown by Temporal's UI beside each run.
function detailsOf(object: OwnerObject, times: Times, pvc: string): string {
  const { kind, namespace, name } = ownerOf(object);
  return [
    `${kind} \`${namespace}/${name}\` ${isDestination(object) ? 'fills' : 'copies'} PVC \`${pvc}\`.`,
    `Started by: ${startedBy(object, times)}.`,
    `\`kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}\``,
  ].join('\n\n');
}

function startedBy(object: OwnerObject, times: Times): string {
  if (times.refusal !== undefined) return `nothing, because ${times.refusal}`;
  const { schedule, manual } = object.spec?.trigger ?? {};
  switch (triggerKind(object)) {
    case 'manual':
      return `spec.trigger.manual \`${manual}\``;
    case 'schedule':
      return `schedule \`${schedule}\` (${times.timeZone})`;
    case 'none':
      return 'the end of the sync before';
  }
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}
