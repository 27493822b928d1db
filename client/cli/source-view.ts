// What a source does at this moment, read from the source and its pvc alone: two lists say it of all of them.
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS, freshTrigger } from '../../domain/copy-trigger.ts';
import { readWindowState } from '../../domain/copy-window.ts';
import type { WindowState } from '../../domain/copy-window.ts';
import { durationMs } from '../../domain/duration.ts';
import { sourceOfRun } from '../../domain/ended-sync.ts';
import { annotationWrittenAt } from '../../domain/managed-fields.ts';
import { SECTIONS } from '../../domain/plan.ts';
import { hasFailed } from '../../domain/sync-request.ts';
import { moverInSpec, triggerKind } from '../../domain/schedule.ts';
import { triggerOverdue } from '../../domain/sync-status.ts';
import { synchronizingCondition } from '../../domain/synchronizing-condition.ts';
import { parseTime } from '../../domain/time.ts';

export type SourcePhase =
  | 'WaitingForTrigger'
  | 'TriggerOverdue'
  /** The application stands still. */
  | 'Frozen'
  | 'Moving'
  /** A sync runs that asks nobody, or has not asked yet. */
  | 'Syncing'
  | 'Idle'
  | 'New'
  | 'Failed'
  | 'Paused'
  | 'Deleting'
  /** Somebody else's: `spec.external`. */
  | 'Foreign';

export interface SourceView {
  readonly namespace: string;
  readonly name: string;
  readonly pvc: string;
  readonly mover: string;
  readonly copyMethod: string;
  readonly phase: SourcePhase;
  /** Milliseconds since the epoch, as all times here. */
  readonly since?: number | undefined;
  readonly releaseBy?: number | undefined;
  /** The trigger that stands on the pvc unanswered, or that is pinned. */
  readonly trigger?: string | undefined;
  readonly lastCopy?: number | undefined;
  readonly freezeMs?: number | undefined;
  readonly consistency?: string | undefined;
  readonly lastSync?: number | undefined;
  readonly lastDurationMs?: number | undefined;
  /** A time, or the kind of its trigger where none is due by time. */
  readonly next: number | 'manual' | 'continuous' | 'paused' | undefined;
  readonly message?: string | undefined;
}

/** `pvc` is undefined when there is none, or when it may not be read. */
export function viewSource(source: ReplicationSource, pvc: PersistentVolumeClaim | undefined): SourceView {
  const { namespace = '', name } = source.metadata;
  return {
    namespace,
    name,
    pvc: source.spec?.sourcePVC ?? '',
    ...moverOf(source),
    ...phaseOf(source, pvc),
    ...lastOf(source),
    next: nextOf(source),
    message: messageOf(source),
  };
}

function moverOf({ spec = {} }: ReplicationSource): Pick<SourceView, 'mover' | 'copyMethod'> {
  const mover = moverInSpec(spec);
  if (mover === 'none' || mover === 'foreign') return { mover, copyMethod: '' };
  return { mover, copyMethod: spec[SECTIONS[mover]]?.copyMethod ?? '' };
}

function lastOf({ status = {} }: ReplicationSource) {
  const { lastCopy = {}, lastSyncTime, lastSyncDuration } = status;
  return {
    lastCopy: parseTime(lastCopy.cutTime),
    freezeMs: durationMs(lastCopy.freeze ?? ''),
    consistency: lastCopy.consistency,
    lastSync: parseTime(lastSyncTime),
    lastDurationMs: durationMs(lastSyncDuration ?? ''),
  };
}

type Phased = Pick<SourceView, 'phase' | 'since' | 'releaseBy' | 'trigger'>;

function phaseOf(source: ReplicationSource, pvc: PersistentVolumeClaim | undefined): Phased {
  const { metadata, spec = {}, status } = source;
  if (metadata.deletionTimestamp !== undefined)
    return { phase: 'Deleting', since: parseTime(metadata.deletionTimestamp) };
  if (moverInSpec(spec) === 'foreign') return { phase: 'Foreign' };
  if (status?.lastSyncStartTime !== undefined) return phaseOfSync(source, pvc);
  return spec.paused === true ? { phase: 'Paused' } : phaseAtRest(source);
}

function phaseAtRest(source: ReplicationSource): Phased {
  const since = parseTime(synchronizingCondition(source)?.lastTransitionTime);
  if (hasFailed(source)) return { phase: 'Failed', since };
  return source.status?.lastSyncTime === undefined ? { phase: 'New' } : { phase: 'Idle', since };
}

function phaseOfSync(source: ReplicationSource, pvc: PersistentVolumeClaim | undefined): Phased {
  const current = windowOf(source, pvc);
  const began = parseTime(source.status?.lastSyncStartTime);
  if (pvc === undefined || current === undefined) return { phase: 'Syncing', since: began };
  const written = annotationWrittenAt(pvc, ANNOTATIONS.latestCopyStatus);
  switch (current.state) {
    case 'asked':
      return asking(source, pvc);
    case 'frozen':
      return {
        phase: 'Frozen',
        since: written,
        releaseBy: current.releaseBy,
        trigger: current.window.trigger,
      };
    case 'idle':
      return hasCopied(current, { written, began })
        ? { phase: 'Moving', since: written }
        : { phase: 'Syncing', since: began };
  }
}

// The answer on the pvc may be that of an earlier sync.
function hasCopied(
  { window }: WindowState,
  { written = 0, began = 0 }: { written: number | undefined; began: number | undefined },
): boolean {
  return window?.result === 'Completed' && written >= began;
}

function asking(
  source: ReplicationSource,
  { metadata: { annotations = {} } }: PersistentVolumeClaim,
): Phased {
  return {
    phase: saysOverdue(source) ? 'TriggerOverdue' : 'WaitingForTrigger',
    since: parseTime(annotations[ANNOTATIONS.waitingSince]),
    trigger: freshTrigger(annotations),
  };
}

/** The window on the pvc, if a sync of this source is in it. */
function windowOf(
  { metadata }: ReplicationSource,
  pvc: PersistentVolumeClaim | undefined,
): WindowState | undefined {
  if (pvc === undefined) return undefined;
  const { uid = '', annotations = {} } = pvc.metadata;
  const current = readWindowState({ uid, annotations });
  const isOurs = (run: string): boolean => {
    const of = sourceOfRun(run);
    return of?.namespace === metadata.namespace && of?.name === metadata.name;
  };
  return current.window?.runs.some(isOurs) === true ? current : undefined;
}

function saysOverdue({ spec, status }: ReplicationSource): boolean {
  const overdue = triggerOverdue(spec?.sourcePVC ?? '')['latestMoverStatus'] as { readonly logs: string };
  return status?.latestMoverStatus?.logs === overdue.logs;
}

function nextOf(source: ReplicationSource): SourceView['next'] {
  if (source.spec?.paused === true) return 'paused';
  switch (triggerKind(source)) {
    case 'manual':
      return 'manual';
    case 'none':
      return 'continuous';
    case 'schedule':
      return parseTime(source.status?.nextSyncTime);
  }
}

function messageOf(source: ReplicationSource): string | undefined {
  return hasFailed(source) ? synchronizingCondition(source)?.message : undefined;
}
