// Names on the border to Temporal: what people type in its UI and CLI. Changing one breaks running workflows.

export const TASK_QUEUE = 'stillpoint';
export const SYNC_SOURCE = 'syncSource';
export const SYNC_DESTINATION = 'syncDestination';

/** Signal without payload: something about the pvc changed; look again. */
export const PVC_CHANGED = 'pvcChanged';
/** Update with a validator: a person takes the copy without waiting for a trigger. */
export const PROCEED = 'proceed';

export const SEARCH_ATTRIBUTES = ['SyncSource', 'SyncPvc', 'SyncPhase', 'SyncMover', 'SyncResult'] as const;

/** Value of SyncResult: the input of the sync was wrong, and nothing was copied. */
export const REFUSED = 'Refused';

/** Schedule id, and prefix of the workflow ids that the schedule starts. */
export function sourceScheduleId(source: { readonly namespace: string; readonly name: string }): string {
  return `source/${source.namespace}/${source.name}`;
}
