// Which Temporal Schedule a ReplicationSource wants. Two worlds must agree, so this says what to do and the
// controller does it. Temporal does not give cron strings back, hence a revision (a hash of everything that
// matters) travels in the arguments of the schedule's action and is what is compared.
import type { ReplicationSource, ReplicationSourceSpec } from '../api/replication-source.ts';
import type { MoverName, SourceRef } from '../api/sync.ts';
import { parseSchedule, isTimeZone } from './cron.ts';
import { durationMs } from './duration.ts';
import { sourceScheduleId } from './messages.ts';
import { crc32 } from './names.ts';

/** Annotations on a source that say how its schedule behaves (docs/protocol.md). */
export const SCHEDULE_ANNOTATIONS = {
  firstSync: 'stillpoint.dev/first-sync',
  timeZone: 'stillpoint.dev/time-zone',
  jitter: 'stillpoint.dev/jitter',
  catchUpWindow: 'stillpoint.dev/catch-up-window',
} as const;

export interface WantedSchedule {
  readonly scheduleId: string;
  readonly source: SourceRef;
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
  /** Why the schedule has no times although the source asks for some: a sentence for the owner. */
  readonly refusal?: string;
}

/** What Temporal says of the schedule that stands there. */
export interface FoundSchedule {
  readonly uid: string | undefined;
  readonly revision: string | undefined;
}

/** `replace`: the source was created anew under its name, so the run of the old one ends. */
export type SchedulePlan<Found extends FoundSchedule = FoundSchedule> =
  | { readonly do: 'create'; readonly schedule: WantedSchedule; readonly source: ReplicationSource }
  | {
      readonly do: 'keep' | 'update' | 'replace';
      readonly schedule: WantedSchedule;
      readonly source: ReplicationSource;
      readonly found: Found;
    }
  | { readonly do: 'delete'; readonly found: Found }
  | { readonly do: 'nothing' };

export function planSchedule<Found extends FoundSchedule>(
  source: ReplicationSource | undefined,
  found: Found | undefined,
): SchedulePlan<Found> {
  const schedule = source && wantedSchedule(source);
  if (source === undefined || schedule === undefined)
    return found === undefined ? { do: 'nothing' } : { do: 'delete', found };
  if (found === undefined) return { do: 'create', schedule, source };
  return { do: comparedWith(found, schedule), schedule, source, found };
}

function comparedWith(found: FoundSchedule, wanted: WantedSchedule): 'keep' | 'update' | 'replace' {
  if (found.uid !== wanted.source.uid) return 'replace';
  return found.revision === wanted.revision ? 'keep' : 'update';
}

/** Undefined for a source that is not ours to serve (`spec.external`, syncthing), or that is being deleted. */
export function wantedSchedule(source: ReplicationSource): WantedSchedule | undefined {
  const { namespace = '', name, uid = '', deletionTimestamp } = source.metadata;
  const spec = source.spec ?? {};
  const mover = moverInSpec(spec);
  if (deletionTimestamp !== undefined || mover === 'foreign') return undefined;
  const [sourceName, pvc] = [`${namespace}/${name}`, spec.sourcePVC ?? 'none'];
  const times = timesOf(source);
  const schedule = {
    scheduleId: sourceScheduleId({ namespace, name }),
    source: { namespace, name, uid },
    ...times,
    paused: spec.paused ?? false,
    searchAttributes: { SyncSource: sourceName, SyncPvc: `${namespace}/${pvc}`, SyncMover: mover },
    summary: `${sourceName}: ${pvc} → ${mover}`,
    details: detailsOf(source, times),
  };
  return { ...schedule, revision: crc32(JSON.stringify(schedule)) };
}

export type TriggerKind = 'manual' | 'schedule' | 'none';

/** VolSync's precedence: a manual tag wins over a schedule. */
export function triggerKind(source: ReplicationSource): TriggerKind {
  const trigger = source.spec?.trigger;
  if (isSet(trigger?.manual)) return 'manual';
  return isSet(trigger?.schedule) ? 'schedule' : 'none';
}

const DEFAULT_TIME_ZONE = 'UTC';
// VolSync makes up for a missed slot, once, however long it was down; a day bounds what a restored server starts.
const DEFAULT_CATCH_UP_WINDOW = '24h';
const SHORTEST_CATCH_UP_WINDOW_MS = 10_000; // Temporal's minimum.

type Times = Pick<WantedSchedule, 'cron' | 'timeZone' | 'jitterMs' | 'catchupWindowMs' | 'refusal'>;

function timesOf(source: ReplicationSource): Times {
  const settings = readSettings(source.metadata.annotations ?? {});
  if (settings.refusal !== undefined || triggerKind(source) !== 'schedule') return settings;
  const parsed = parseSchedule(source.spec?.trigger?.schedule ?? '');
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

/** `foreign` is served by somebody else. A source with several, or with `none`, gets its schedule too: its sync refuses, and tells the owner. */
export function moverInSpec(spec: ReplicationSourceSpec): MoverName | 'none' | 'foreign' {
  if (spec.restic !== undefined) return 'restic';
  if (spec.rclone !== undefined) return 'rclone';
  if (spec.rsyncTLS !== undefined) return 'rsync-tls';
  if (spec.rsync !== undefined) return 'rsync';
  return spec.external === undefined && spec.syncthing === undefined ? 'none' : 'foreign';
}

// Markdown, shown by Temporal's UI beside each run.
function detailsOf(source: ReplicationSource, times: Times): string {
  const { namespace, name } = source.metadata;
  return [
    `ReplicationSource \`${namespace}/${name}\` copies PVC \`${source.spec?.sourcePVC ?? 'none'}\`.`,
    `Started by: ${startedBy(source, times)}.`,
    `\`kubectl -n ${namespace} describe replicationsource ${name}\``,
  ].join('\n\n');
}

function startedBy(source: ReplicationSource, times: Times): string {
  if (times.refusal !== undefined) return `nothing, because ${times.refusal}`;
  const { schedule, manual } = source.spec?.trigger ?? {};
  switch (triggerKind(source)) {
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
