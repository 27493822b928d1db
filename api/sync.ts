// What crosses the border between Temporal and our code: the arguments and results of a sync and of
// its activities. Plain JSON; durations are milliseconds, times RFC 3339 UTC strings.
import { z } from 'zod';

/** Identifies one ReplicationSource for ever: a re-created source of the same name has another uid. */
export const SourceRef = z.object({ namespace: z.string(), name: z.string(), uid: z.string() });
export type SourceRef = Readonly<z.infer<typeof SourceRef>>;

/** Payload of the Update `proceed`: who takes the copy without a trigger, and why. */
export const Proceed = z.object({ by: z.string().min(1), reason: z.string().min(1) });
export type Proceed = Readonly<z.infer<typeof Proceed>>;

export type CopyMethod = 'Snapshot' | 'Clone' | 'Direct';
export type MoverName = 'restic' | 'rclone' | 'rsync-tls' | 'rsync';

/** How the application is asked: not at all, by a window we opened or joined, or it has already said so. */
export type Gate =
  | { readonly kind: 'open' } // Not opted in, or Direct: copy at once.
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
  readonly pvc: { readonly name: string; readonly uid: string; readonly like?: PvcLikeness };
  readonly mover: MoverName;
  readonly copyMethod: CopyMethod;
  readonly gate: Gate;
  readonly startTime: string;
  readonly limits: SyncLimits;
  /** `spec` of the source, frozen for this run. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Names of the keys that the mover's Secret holds (never values): they choose the Job's environment. */
  readonly secretKeys: readonly string[];
  /** The namespace allows privileged movers (`volsync.backube/privileged-movers: "true"`). */
  readonly privileged: boolean;
}

/** Durations and counts of one sync, from the settings and the source's annotations. */
export interface SyncLimits {
  readonly overdueAfterMs: number;
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

/** The conversation with the application around one copy, as `status.lastCopy` shows it. */
export interface CopyTimes {
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
  readonly actions: readonly string[];
}

/** What a sync that goes on as a new run after a very long wait hands over; its trigger is known to be overdue. */
export interface Waited {
  readonly startTime: string;
}

/** Result of the workflow `syncSource`. */
export interface SyncReport {
  readonly copy: CopyTimes;
  readonly moved: Moved;
}

/** How a sync ended, told to `closeSync`. */
export type Outcome =
  | {
      readonly result: 'Successful';
      readonly plan: SyncPlan;
      readonly copy: CopyTimes;
      readonly moved: Moved;
    }
  | {
      readonly result: 'Failed' | 'Cancelled';
      readonly reason: string;
      readonly message: string;
      readonly logs?: string;
    };

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
