// Every way a sync can fail, as a sentence for the owner of the application. The reason is used alike in
// the condition, the event, the log, the metric and as the type of the ApplicationFailure.
import type { Owner } from '../api/sync.ts';

export interface Failure {
  readonly reason: FailureReason;
  readonly message: string;
  /** False: the same attempt would fail again; only a changed object helps. */
  readonly retry: boolean;
}

/** When each reason occurs and what its reader does: docs/reference/failures.md is made from this. */
export const failureReasons = {
  SourceGone: {
    when: 'The ReplicationSource was deleted, or deleted and re-created, while its sync ran.',
    doWhat: 'Nothing: the sync ends and the application is released.',
    retry: false,
  },
  SourceInvalid: {
    when: 'The ReplicationSource asks for something that cannot work.',
    doWhat: 'Correct the field that the message names; the next sync uses it.',
    retry: false,
  },
  PvcMissing: {
    when: 'The PVC that the source names does not exist or is being deleted.',
    doWhat: 'Create the PVC, or correct spec.sourcePVC.',
    retry: false,
  },
  PvcNotBound: {
    when: 'The PVC has no volume yet, so there is nothing to copy.',
    doWhat: 'Wait for the volume, or look at the events of the PVC.',
    retry: false,
  },
  BlockVolume: {
    when: 'The PVC has volumeMode: Block: the movers carry files.',
    doWhat: 'Use a PVC with a file system, or leave this source to VolSync.',
    retry: false,
  },
  SecretMissing: {
    when: 'The Secret that the mover needs does not exist.',
    doWhat: 'Create the Secret in the namespace of the source.',
    retry: false,
  },
  SecretIncomplete: {
    when: 'The Secret that the mover needs lacks keys.',
    doWhat: 'Add the keys that the message names.',
    retry: false,
  },
  ObjectMissing: {
    when: 'An object that the mover’s section names does not exist: a ServiceAccount, a ConfigMap, a PVC.',
    doWhat: 'Create the object, or correct the field that the message names.',
    retry: false,
  },
  ClassMissing: {
    when: 'A storage class or snapshot class that the spec names does not exist.',
    doWhat: 'Create the class, or correct the name in the spec.',
    retry: false,
  },
  QuiesceQueueInvalid: {
    when: 'The PVC names a task queue to quiesce through that is not one of its own namespace.',
    doWhat: 'Correct the annotation stillpoint.dev/quiesce-task-queue: quiesce/<namespace>/<name>.',
    retry: false,
  },
  QuiesceFailed: {
    when: 'The activity quiesce of the application’s owner failed, or did not return in time.',
    doWhat: 'Look at the worker on the task queue that the message names; the next sync calls it again.',
    retry: false,
  },
  UnquiesceFailed: {
    when: 'The activity unquiesce of the application’s owner failed, or nobody came for it.',
    doWhat: 'Look whether the application runs; its worker lets it go at the releaseBy that it was given.',
    retry: false,
  },
  TriggerOverdue: {
    when: 'The trigger did not come in time, and the source’s overdue-policy is not to wait for it.',
    doWhat: 'Look why the application did not set its trigger; the next sync asks again.',
    retry: false,
  },
  OptedOut: {
    when: 'The annotation use-copy-trigger was removed from the PVC while its owner was being asked.',
    doWhat: 'Nothing: the copy is taken without asking.',
    retry: false,
  },
  WindowLost: {
    when: 'The annotations of the PVC were changed by someone else in the middle of the copy.',
    doWhat: 'Nothing: the copy is discarded; set a new trigger at the next WaitingForTrigger.',
    retry: false,
  },
  FreezeBoundExceeded: {
    when: 'The storage did not fix the copy before the deadline of the freeze.',
    doWhat: 'Look at the VolumeSnapshot or clone; resume the application and set a new trigger later.',
    retry: false,
  },
  TriggerExpired: {
    when: 'No sync accepted the trigger in time: its trigger-valid-until has passed, or the freeze bound.',
    doWhat: 'Resume the application; look at the source, and whether Temporal, worker and controller run.',
    retry: false,
  },
  ReleasedByGuard: {
    when: 'The deadline of the freeze has passed and no sync released the application; the guard did.',
    doWhat:
      'Resume the application; look whether Temporal and the worker run. The next sync takes a new copy.',
    retry: false,
  },
  SnapshotLost: {
    when: 'The storage lost the copy after the application was released.',
    doWhat: 'Look at the VolumeSnapshot’s error; the next sync takes a new copy.',
    retry: false,
  },
  ForeignObject: {
    when: 'An object that is not ours stands under the name that we need.',
    doWhat: 'Rename or remove the object that the message names.',
    retry: false,
  },
  ObjectRefused: {
    when: 'The API server refuses an object that the sync needs: a quota, a policy, a permission or a field.',
    doWhat: 'Correct what the message names; the next sync begins anew.',
    retry: false,
  },
  MoverFailed: {
    when: 'The mover’s container ended with an error.',
    doWhat: 'Read status.latestMoverStatus.logs.',
    retry: true,
  },
  MoverRefused: {
    when: 'The mover’s container ended with an error that a retry cannot mend, such as a wrong password.',
    doWhat: 'Read status.latestMoverStatus.logs and correct the Secret or the repository.',
    retry: false,
  },
  MoverVanished: {
    when: 'The mover’s Job or pod was removed, evicted or lost with its node while it ran.',
    doWhat: 'Nothing: the mover is started again.',
    retry: true,
  },
  MoverPending: {
    when: 'The mover’s pod did not start for a long time: no node, image, volume or Secret for it.',
    doWhat: 'Correct what the message names; the next sync begins anew.',
    retry: false,
  },
  MoverOverdue: {
    when: 'Carrying the copy away took longer than the mover’s deadline, all attempts together.',
    doWhat: 'Look at the repository, or annotate the source with a longer stillpoint.dev/mover-deadline.',
    retry: false,
  },
  Cancelled: {
    when: 'A person or the controller cancelled the sync.',
    doWhat: 'Nothing: the application is released.',
    retry: false,
  },
  SyncEnded: {
    when: 'The sync was terminated, or Temporal ended or lost it, so that it could not tidy up after itself.',
    doWhat: 'Resume the application; a new trigger starts the next sync. To stop a sync, cancel it rather.',
    retry: false,
  },
} as const satisfies Record<string, { when: string; doWhat: string; retry: boolean }>;

export type FailureReason = keyof typeof failureReasons;

function failure(reason: FailureReason, message: string): Failure {
  return { reason, message, retry: failureReasons[reason].retry };
}

/** Something that the source names is not as it has to be; whoever mends it need not tell us. */
const REFUSALS: readonly string[] = [
  'SourceInvalid',
  'PvcMissing',
  'PvcNotBound',
  'BlockVolume',
  'SecretMissing',
  'SecretIncomplete',
  'ObjectMissing',
  'ClassMissing',
  'QuiesceQueueInvalid',
] satisfies FailureReason[];

/** Whether a sync that failed for this reason copied nothing because its input was wrong. */
export function isRefusal(reason: string): boolean {
  return REFUSALS.includes(reason);
}

/** One sentence for each way to fail: what happened to which object, and what to do. */
export const failures = {
  ownerGone: ({ kind, namespace, name }: Owner) =>
    failure(
      'SourceGone',
      `${kind} ${namespace}/${name} is gone or was created anew; this sync belongs to the old one and ends`,
    ),
  ownerInvalid: ({ kind, namespace, name }: Owner, what: string) =>
    failure('SourceInvalid', `${kind} ${namespace}/${name}: ${what}`),
  pvcMissing: (pvc: string) =>
    failure(
      'PvcMissing',
      `PersistentVolumeClaim ${pvc} does not exist or is being deleted; create it or correct spec.sourcePVC`,
    ),
  blockVolume: (pvc: string) =>
    failure(
      'BlockVolume',
      `PersistentVolumeClaim ${pvc} is a block volume (volumeMode: Block), which no mover of ours carries; use a file system volume`,
    ),
  pvcNotBound: (pvc: string) =>
    failure(
      'PvcNotBound',
      `PersistentVolumeClaim ${pvc} is not bound to a volume; there is nothing to copy yet`,
    ),
  secretMissing: (secret: string) =>
    failure('SecretMissing', `Secret ${secret} does not exist; create it, and the next sync uses it`),
  secretIncomplete: (secret: string, missing: readonly string[]) =>
    failure(
      'SecretIncomplete',
      `Secret ${secret} lacks ${missing.join(', ')}; add what is missing, and the next sync uses it`,
    ),
  objectMissing: (object: string, field: string) =>
    failure('ObjectMissing', `${object} does not exist; create it or correct ${field}`),
  classMissing: (kind: string, name: string) =>
    failure('ClassMissing', `${kind} ${name} does not exist; create it or correct the name in the spec`),
  quiesceQueueInvalid: (pvc: string, taskQueue: string, namespace: string) =>
    failure(
      'QuiesceQueueInvalid',
      `PersistentVolumeClaim ${pvc} names the task queue "${taskQueue}" in stillpoint.dev/quiesce-task-queue, which must be quiesce/${namespace}/ and a name; correct the annotation`,
    ),
  quiesceFailed: (taskQueue: string, why: string) =>
    failure('QuiesceFailed', `The application was not quiesced on task queue ${taskQueue}: ${why}`),
  unquiesceFailed: (taskQueue: string, why: string) =>
    failure(
      'UnquiesceFailed',
      `Nobody has unquiesced the application on task queue ${taskQueue} (${why}); look whether it runs: its worker lets it go by itself at releaseBy`,
    ),
  triggerOverdue: (pvc: string, then: string) =>
    failure(
      'TriggerOverdue',
      `No new volsync.backube/copy-trigger came in time on PersistentVolumeClaim ${pvc}; ${then}`,
    ),
  optedOut: (pvc: string) =>
    failure(
      'OptedOut',
      `PersistentVolumeClaim ${pvc} no longer carries volsync.backube/use-copy-trigger; the copy is taken without asking`,
    ),
  /** The source was edited so that its sync no longer asks this pvc. */
  askedNoLonger: (source: string) =>
    failure(
      'OptedOut',
      `ReplicationSource ${source} was edited and no longer asks this PersistentVolumeClaim; its application may resume`,
    ),
  windowLost: (pvc: string) =>
    failure(
      'WindowLost',
      `The copy window on PersistentVolumeClaim ${pvc} was closed or replaced by someone else; the copy is discarded`,
    ),
  freezeBoundExceeded: (pvc: string) =>
    failure(
      'FreezeBoundExceeded',
      `The copy of PersistentVolumeClaim ${pvc} was not taken before the deadline of the freeze; resume the application and set a new trigger`,
    ),
  triggerExpired: (pvc: string) =>
    failure(
      'TriggerExpired',
      `No sync accepted the trigger on PersistentVolumeClaim ${pvc} in time; resume the application and set a new trigger at the next WaitingForTrigger`,
    ),
  releasedByGuard: (pvc: string) =>
    failure(
      'ReleasedByGuard',
      `The copy of PersistentVolumeClaim ${pvc} did not come to an end before release-by; resume the application and set a new trigger at the next WaitingForTrigger`,
    ),
  snapshotLost: (snapshot: string, error: string) =>
    failure('SnapshotLost', `VolumeSnapshot ${snapshot} cannot be used: ${error}`),
  foreignObject: (object: string) =>
    failure('ForeignObject', `${object} exists and was not made by this sync; rename or remove it`),
  objectRefused: (object: string, why: string) =>
    failure(
      'ObjectRefused',
      `The API server refuses ${object} (${why}); correct what it names, the next sync tries again`,
    ),
  moverFailed: (job: string, exitCode: number, lastLine: string) =>
    failure('MoverFailed', `The mover of Job ${job} ended with code ${exitCode}: ${lastLine}`),
  moverRefused: (job: string, exitCode: number, lastLine: string) =>
    failure(
      'MoverRefused',
      `The mover of Job ${job} ended with code ${exitCode}, which a retry cannot mend: ${lastLine}`,
    ),
  moverVanished: (job: string, why: string) =>
    failure('MoverVanished', `The mover of Job ${job} is gone without an exit code: ${why}`),
  moverPending: (job: string, after: string, why: string) =>
    failure('MoverPending', `The mover of Job ${job} did not start within ${after}: ${why}`),
  moverOverdue: (job: string, after: string) =>
    failure(
      'MoverOverdue',
      `The mover of Job ${job} was not done within ${after}, all attempts together; the next sync begins anew`,
    ),
  cancelled: (source: string) => failure('Cancelled', `The sync of ${source} was cancelled`),
  syncEnded: (workflowId: string, how: string) =>
    failure(
      'SyncEnded',
      `The sync ${workflowId} ${how} before it had finished; the application may resume, and a new trigger starts the next one`,
    ),
} as const;
