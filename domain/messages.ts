// Names on the border to Temporal: what people type in its UI and CLI. Changing one breaks running workflows.
import type { OwnerKind } from '../api/sync.ts';

export const TASK_QUEUE = 'stillpoint';
/** Of the steps that follow a mover, for hours it may be: they never stand in the way of a step inside a freeze. */
export const MOVER_TASK_QUEUE = 'stillpoint-movers';
export const SYNC_SOURCE = 'syncSource';
export const SYNC_DESTINATION = 'syncDestination';

/** Type of the workflow that serves an object of this kind. */
export const WORKFLOW_TYPES: Readonly<Record<OwnerKind, string>> = {
  ReplicationSource: SYNC_SOURCE,
  ReplicationDestination: SYNC_DESTINATION,
};

/** Signal without payload: something about the pvc changed; look again. */
export const PVC_CHANGED = 'pvcChanged';
/** Update with a validator: a person takes the copy without waiting for a trigger. */
export const PROCEED = 'proceed';

export const SEARCH_ATTRIBUTES = ['SyncSource', 'SyncPvc', 'SyncPhase', 'SyncMover', 'SyncResult'] as const;

/** Value of SyncResult: the input of the sync was wrong, and nothing was copied. */
export const REFUSED = 'Refused';

/** What the schedule ids of each kind begin with. */
export const SCHEDULE_PREFIXES: Readonly<Record<OwnerKind, string>> = {
  ReplicationSource: 'source/',
  ReplicationDestination: 'destination/',
};

/** Schedule id, and prefix of the workflow ids that the schedule starts. */
export function scheduleIdOf({ kind, namespace, name }: ScheduleOwner): string {
  return `${SCHEDULE_PREFIXES[kind]}${namespace}/${name}`;
}

export interface ScheduleOwner extends Named {
  readonly kind: OwnerKind;
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

export function sourceScheduleId({ namespace, name }: Named): string {
  return scheduleIdOf({ kind: 'ReplicationSource', namespace, name });
}
