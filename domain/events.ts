// Events that the owner of a source sees with `kubectl describe`; reasons are VolSync's where it has one
// (reference VolSync §3.5 and §6.2).

export interface SyncEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export interface RetriedMover {
  readonly attempt: number;
  readonly attempts: number;
  readonly delay: string;
  /** Undefined when the pvc itself is read (Direct). */
  readonly cutTime: string | undefined;
}

const COPY = 'CreateSrcCopyUsingCopyTrigger';

export const events = {
  waitingForTrigger: (pvc: string): SyncEvent => ({
    type: 'Normal',
    reason: 'SrcPVCWaitingForCopyTrigger',
    action: COPY,
    note: `Waiting for a new value of volsync.backube/copy-trigger on PersistentVolumeClaim ${pvc} before copying`,
  }),
  triggerOverdue: (pvc: string): SyncEvent => ({
    type: 'Warning',
    reason: 'SrcPVCTimeoutWaitingForCopyTrigger',
    action: COPY,
    note: `No new volsync.backube/copy-trigger on PersistentVolumeClaim ${pvc} for a long time; still waiting. Set the annotation to a new value, or remove volsync.backube/use-copy-trigger`,
  }),
  copiedWithoutTrigger: (pvc: string): SyncEvent => ({
    type: 'Warning',
    reason: 'CopiedWithoutTrigger',
    action: COPY,
    note: `No new volsync.backube/copy-trigger came in time on PersistentVolumeClaim ${pvc}; it is copied while the application runs, crash-consistently (stillpoint.dev/overdue-policy: copy)`,
  }),
  nobodyQuiesces: (pvc: string, taskQueue: string): SyncEvent => ({
    type: 'Warning',
    reason: 'SrcPVCTimeoutWaitingForCopyTrigger',
    action: COPY,
    note: `The application of PersistentVolumeClaim ${pvc} has not been quiesced on task queue ${taskQueue} for a long time; still waiting. Look at the worker of that queue`,
  }),
  triggerReceived: (pvc: string, trigger: string): SyncEvent => ({
    type: 'Normal',
    reason: 'SrcPVCCopyTriggerReceived',
    action: COPY,
    note: `Copying PersistentVolumeClaim ${pvc} on ${trigger}`,
  }),
  copyCompleted: (pvc: string, freeze: string): SyncEvent => ({
    type: 'Normal',
    reason: 'SrcPVCCopyUsingCopyTriggerCompleted',
    action: COPY,
    note: `The copy of PersistentVolumeClaim ${pvc} is taken; the application may resume. It was frozen for ${freeze}`,
  }),
  releasedByGuard: (note: string): SyncEvent => ({
    type: 'Warning',
    reason: 'ReleasedByGuard',
    action: COPY,
    note,
  }),
  slotsLost: (skipped: number, missed: number): SyncEvent => ({
    type: 'Warning',
    reason: 'SyncSlotsLost',
    action: 'Synchronize',
    note: [
      skipped > 0
        ? `${skipped} scheduled synchronizations were skipped, because the one before was still running`
        : '',
      missed > 0
        ? `${missed} were missed, because Temporal was away for longer than the catch-up window`
        : '',
    ]
      .filter((part) => part !== '')
      .join('; '),
  }),
  moverPending: (job: string, why: string): SyncEvent => ({
    type: 'Warning',
    reason: 'MoverPending',
    action: 'CreateMover',
    note: `The mover of Job ${job} has not started yet: ${why}`.slice(0, 1000),
  }),
  /** A retry carries a copy that grows older: it says which. */
  moverRetried: (failed: string, next: RetriedMover): SyncEvent => ({
    type: 'Warning',
    reason: 'TransferFailed',
    action: 'DeleteMover',
    note: `${failed.slice(0, 800)}; attempt ${next.attempt} of ${next.attempts} follows in ${next.delay} with ${
      next.cutTime === undefined ? 'the volume as it is then' : `the same copy, cut at ${next.cutTime}`
    }`,
  }),
  populatorWaits: (destination: string): SyncEvent => ({
    type: 'Warning',
    reason: 'VolSyncPopulatorReplicationDestinationNoLatestImage',
    action: 'Provision Volume',
    note: `ReplicationDestination ${destination} has no snapshot to fill this PersistentVolumeClaim from yet; it is filled once status.latestImage names one`,
  }),
  populatorFinished: (destination: string): SyncEvent => ({
    type: 'Normal',
    reason: 'VolSyncPopulatorFinished',
    action: 'Provision Volume',
    note: `Filled from the latest image of ReplicationDestination ${destination}`,
  }),
  moverWarning: (warning: string): SyncEvent => ({
    type: 'Warning',
    reason: 'MoverWarning',
    action: 'Synchronize',
    note: `The mover ended well, and says: ${warning}`.slice(0, 1000),
  }),
  serviceAddressMissing: (service: string): SyncEvent => ({
    type: 'Warning',
    reason: 'NoServiceAddressAssigned',
    action: 'PublishAddress',
    note: `Service ${service} has no address yet, so no source can connect; look at the Service and its load balancer`,
  }),
  serviceAddressAssigned: (service: string, address: string): SyncEvent => ({
    type: 'Normal',
    reason: 'ServiceAddressAssigned',
    action: 'PublishAddress',
    note: `Service ${service} has the address ${address}, at which a source can connect`,
  }),
  syncFailed: (reason: string, message: string): SyncEvent => ({
    type: 'Warning',
    reason,
    action: 'Synchronize',
    note: message.slice(0, 1000),
  }),
} as const;
