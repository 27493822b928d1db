// What crosses the border between Temporal and our code: the arguments and results of a sync and of
// its activities. Plain JSON; durations are milliseconds, times RFC 3339 UTC strings.
import { z } from 'zod';
import type { LatestImage, ReplicationDestination } from './replication-destination.ts';
import type { ReplicationSource } from './replication-source.ts';

/** Identifies one ReplicationSource for ever: a re-created source of the same name has another uid. */
export const SourceRef = z.object({ namespace: z.string(), name: z.string(), uid: z.string() });
export type SourceRef = Readonly<z.infer<typeof SourceRef>>;

export type OwnerKind = 'ReplicationSource' | 'ReplicationDestination';

/** The object that a run serves, and that owns what the run makes. */
export interface Owner extends SourceRef {
  readonly kind: OwnerKind;
}

/** That object as it stands in the cluster. */
export type OwnerObject = ReplicationSource | ReplicationDestination;

/** Payload of the Update `proceed`: who takes the copy without a trigger, and why. */
export const Proceed = z.object({ by: z.string().min(1), reason: z.string().min(1) });
export type Proceed = Readonly<z.infer<typeof Proceed>>;

/** When the application is let go: as soon as the image is cut, or once it can be read (VolSync). */
export type ReleaseAt = 'cut' | 'ready';

export type CopyMethod = 'Snapshot' | 'Clone' | 'Direct';
export type MoverName = 'restic' | 'rclone' | 'rsync-tls' | 'rsync';

/** How the application is asked: not at all, by a window we opened or joined, or it has already said so. */
export type Gate =
  // Not opted in, or Direct: copy at once. `overdue`: it was asked in vain, and is asked no longer (overdue-policy: copy).
  | { readonly kind: 'open'; readonly overdue?: true }
  | {
      readonly kind: 'asked';
      readonly windowId: string;
      readonly waitingSince: string;
      readonly triggered: boolean;
    }
  | { readonly kind: 'triggered'; readonly windowId: string; readonly trigger: string }; // It stood there before we asked.

/** What a copy takes over from the pvc, which may be deleted as soon as the copy is cut. */
export interface PvcLikeness {
  readonly storageClassName?: string | undefined;
  readonly accessModes?: readonly string[] | undefined;
  readonly volumeMode?: string | undefined;
  readonly storage?: string | undefined;
}

/** What `beginSync` found and decided. The workflow keeps it; an edit of the source before the copy makes another. */
export interface SyncPlan {
  readonly source: SourceRef;
  /** `metadata.generation` of the source that this plan was made from. */
  readonly generation: number;
  readonly pvc: {
    readonly name: string;
    readonly uid: string;
    readonly like?: PvcLikeness;
    /** Name of the CSI driver; absent where the volume was not provisioned by one, and in earlier plans. */
    readonly driver?: string;
  };
  readonly mover: MoverName;
  readonly copyMethod: CopyMethod;
  /** `cut` in plans of before there was a choice. */
  readonly releaseAt?: ReleaseAt;
  readonly gate: Gate;
  /** Where the application is quiesced through Temporal, when it was asked; `now` is the API server's time of the plan. */
  readonly quiesce?: { readonly taskQueue: string; readonly now: number };
  readonly startTime: string;
  readonly limits: SyncLimits;
  /** `spec` of the source, frozen for this run. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Names of the keys that the mover's Secret holds (never values): they choose the Job's environment. */
  readonly secretKeys: readonly string[];
  /** The namespace allows privileged movers (`volsync.backube/privileged-movers: "true"`). */
  readonly privileged: boolean;
}

/** What becomes of a sync whose trigger does not come. */
export type OverduePolicy = 'wait' | 'skip' | 'fail' | 'copy';

/** Durations, counts and choices of one sync, from the settings and the source's annotations. */
export interface SyncLimits {
  readonly overdueAfterMs: number;
  /** What becomes of a sync whose trigger does not come; absent: it waits. */
  readonly overduePolicy?: Exclude<OverduePolicy, 'wait'>;
  /** From the question until the policy takes effect; absent: as soon as the trigger is overdue, or never for `wait`. */
  readonly waitDeadlineMs?: number;
  /** From the report that the trigger is overdue until the wait goes on as a new run; absent in plans of before there was one. */
  readonly continueAfterMs?: number;
  readonly freezeBoundMs: number;
  readonly copyHeartbeatMs: number;
  readonly moverHeartbeatMs: number;
  readonly moverAttempts: number;
  /** From a mover's failure to its second attempt; doubles with each further one. */
  readonly moverRetryMs: number;
  /** From the end of the copy to the end of the last attempt, whatever happens. */
  readonly moverDeadlineMs: number;
  /** How long a mover's pod may take to start. */
  readonly moverPendingMs: number;
}

/** Those of one mover's life, the same for sources and destinations. */
export type MoverLimits = Pick<
  SyncLimits,
  'moverHeartbeatMs' | 'moverAttempts' | 'moverRetryMs' | 'moverDeadlineMs' | 'moverPendingMs'
>;

/** How a copy was made: with the application standing still because its owner said so, or a person; or while it ran. */
export type Consistency = 'triggered' | 'proceeded' | 'crash-consistent';

/** The conversation with the application around one copy, as `status.lastCopy` shows it. */
export interface CopyTimes {
  /** Absent in histories of earlier versions, and where no copy is made (Direct). */
  readonly consistency?: Consistency;
  readonly trigger?: string;
  readonly by?: string;
  readonly askedTime?: string;
  readonly triggeredTime?: string;
  readonly cutTime?: string;
  readonly releasedTime?: string;
  /** From the trigger to the release, milliseconds. */
  readonly freezeMs?: number;
}

/** The copy that `takeCopy` took: where the mover finds the data. */
export interface Copy {
  /** Name of the VolumeSnapshot, of the clone, or of the pvc itself (Direct). */
  readonly name: string;
  readonly times: CopyTimes;
}

/** What came of trying to take the copy: no acceptable trigger stood there, or the plan was outdated. */
export type CopyAttempt = { readonly kind: 'taken'; readonly copy: Copy } | { readonly kind: 'notYet' };

/** What the mover moved. */
export interface Moved {
  /** Id under which the repository knows the copy, where it gives one (restic). */
  readonly snapshotId?: string;
  /** Bytes and files that were read from the copy. */
  readonly bytes?: number;
  readonly files?: number;
  /** Bytes that were new to the repository. */
  readonly bytesAdded?: number;
  readonly durationMs: number;
  /** The end of the log, filtered, at most 1024 bytes (VolSync). */
  readonly logs: string;
  /** What the owner should know of a success: an empty volume, files that could not be read. */
  readonly warning?: string;
  readonly actions: readonly string[];
}

/** What a sync that goes on as a new run after a very long wait hands over; its trigger is known to be overdue. */
export interface Waited {
  readonly startTime: string;
  /** Where there is a deadline for the wait: when the question was asked, by the workflow's clock. */
  readonly askedAt?: number;
}

/** Result of the workflow `syncSource` when it ended without a copy, because its trigger did not come (overdue-policy: skip). */
export interface SyncSkipped {
  readonly skipped: string;
}

/** Result of the workflow `syncSource`. */
export interface SyncReport {
  readonly copy: CopyTimes;
  readonly moved: Moved;
}

/** How a sync ended, told to `closeSync`. */
export type Outcome = Ending & {
  /** The owner's worker could not be told that the copy is over: why. */
  readonly notUnquiesced?: string;
};

type Ending =
  | {
      readonly result: 'Successful';
      readonly plan: SyncPlan;
      readonly copy: CopyTimes;
      readonly moved: Moved;
    }
  | {
      readonly result: 'Failed' | 'Cancelled' | 'Skipped';
      readonly reason: string;
      readonly message: string;
      readonly logs?: string;
      /** As far as the sync had come. */
      readonly plan?: SyncPlan;
      /** The application was released, and what failed came afterwards. */
      readonly copy?: CopyTimes;
      /** Since when the owner's worker held the application, API-server milliseconds since the epoch. */
      readonly quiescedSince?: number;
    };

/** What a sync that had called its owner's worker has left, when it ended without a copy. */
export interface LeftFreeze {
  /** Other syncs still copy in the window: the application has to stand still for them. */
  readonly othersLeft: boolean;
  /** The task queue whose word had frozen the window, if one's had. */
  readonly taskQueue?: string;
}

/** What `closeSync` found out: how long the application stood still for a copy that failed, milliseconds. */
export interface Closed {
  readonly freezeMs?: number;
}

/** How a sync of either kind ended that did not succeed. */
export type Unsuccessful = Exclude<Outcome, { readonly result: 'Successful' }>;

/** What `beginDestination` found and decided. The workflow keeps it: an edit of the destination in mid-run changes nothing. */
export interface ReceivePlan {
  readonly destination: SourceRef;
  /** The PVC that receives the data. */
  readonly pvc: { readonly name: string; readonly uid: string };
  readonly mover: MoverName;
  readonly copyMethod: 'Snapshot' | 'Direct';
  readonly volumeSnapshotClassName?: string;
  readonly startTime: string;
  readonly limits: MoverLimits;
  /** `spec` of the destination, frozen for this run. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Names of the keys that the mover's Secret holds, never values. */
  readonly secretKeys: readonly string[];
  /** The namespace allows privileged movers. */
  readonly privileged: boolean;
}

/** Result of the workflow `syncDestination`. */
export interface ReceiveReport {
  readonly image: LatestImage;
  readonly moved: Moved;
}

/** How a sync of a destination ended, told to `closeDestination`. */
export type ReceiveOutcome =
  ({ readonly result: 'Successful'; readonly plan: ReceivePlan } & ReceiveReport) | Unsuccessful;

/** Heartbeat of a running mover. */
export interface MoverProgress {
  readonly phase: string;
  readonly percent?: number;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  readonly filesDone?: number;
  readonly filesTotal?: number;
  readonly bytesPerSecond?: number;
  readonly secondsRemaining?: number;
  /** Of a later attempt only: which one it is, and when the copy that it carries was cut. */
  readonly attempt?: number;
  readonly copyCut?: string;
}
