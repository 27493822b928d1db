// Events that the owner of a source sees with `kubectl describe`; reasons are VolSync's where it has one
// (reference VolSync §3.5 and §6.2).

export interface SyncEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
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
  syncFailed: (reason: string, message: string): SyncEvent => ({
    type: 'Warning',
    reason,
    action: 'Synchronize',
    note: message.slice(0, 1000),
  }),
} as const;
