// The annotations of VolSync's copy-trigger protocol and of our additions, as they stand on a pvc.
// Keys and values are wire (docs/protocol.md): never renamed.

/** Annotations of an object; absent and undefined mean the same. */
export type Annotations = Readonly<Record<string, string | undefined>>;

/** A merge patch of annotations: null removes the key. */
export type AnnotationPatch = Readonly<Record<string, string | null>>;

export const ANNOTATIONS = {
  useCopyTrigger: 'volsync.backube/use-copy-trigger',
  copyTrigger: 'volsync.backube/copy-trigger',
  triggerValidUntil: 'stillpoint.dev/trigger-valid-until',
  quiescedAt: 'stillpoint.dev/quiesced-at',
  quiesceTaskQueue: 'stillpoint.dev/quiesce-task-queue',
  latestCopyStatus: 'volsync.backube/latest-copy-status',
  latestCopyTrigger: 'volsync.backube/latest-copy-trigger',
  waitingSince: 'volsync.backube/latest-copy-trigger-waiting-since',
  copyWindow: 'stillpoint.dev/copy-window',
  releaseBy: 'stillpoint.dev/release-by',
  latestCopyError: 'stillpoint.dev/latest-copy-error',
} as const;

export type CopyTrigger =
  | { readonly kind: 'unused' } // The pvc did not opt in: copy at once.
  | { readonly kind: 'awaited' }
  | { readonly kind: 'fresh'; readonly trigger: string };

/** Presence opts in, whatever the value; a trigger is fresh when non-empty and not yet answered (VolSync). */
export function readCopyTrigger(annotations: Annotations): CopyTrigger {
  if (annotations[ANNOTATIONS.useCopyTrigger] === undefined) return { kind: 'unused' };
  const trigger = freshTrigger(annotations);
  return trigger === undefined ? { kind: 'awaited' } : { kind: 'fresh', trigger };
}

/** The trigger that nobody has answered yet, opted in or not. */
export function freshTrigger(annotations: Annotations): string | undefined {
  const trigger = annotations[ANNOTATIONS.copyTrigger];
  if (trigger === undefined || trigger === '') return undefined;
  return trigger === annotations[ANNOTATIONS.latestCopyTrigger] ? undefined : trigger;
}

/** The window as it stands in the annotation `stillpoint.dev/copy-window`. */
export interface CopyWindow {
  readonly id: string;
  /** Uid of the pvc that it was opened on: a pvc restored with its annotations carries another's window. */
  readonly pvc: string;
  /** Workflow ids of the syncs that copy in this window. */
  readonly runs: readonly string[];
  /** The trigger as accepted. */
  readonly trigger?: string;
  /** The person who proceeded without one, or the task queue whose worker said that the application stands still. */
  readonly by?: string;
  readonly result?: 'Completed' | 'Failed';
}

/** Undefined when there is none, or when what stands there is not ours to read. */
export function readCopyWindow(annotations: Annotations): CopyWindow | undefined {
  const text = annotations[ANNOTATIONS.copyWindow];
  if (text === undefined) return undefined;
  try {
    const window: unknown = JSON.parse(text);
    return isCopyWindow(window) ? window : undefined;
  } catch {
    return undefined;
  }
}

function isCopyWindow(value: unknown): value is CopyWindow {
  if (typeof value !== 'object' || value === null) return false;
  const { id, pvc, runs } = value as Partial<Record<keyof CopyWindow, unknown>>;
  const named = typeof id === 'string' && typeof pvc === 'string';
  return named && Array.isArray(runs) && runs.every((run) => typeof run === 'string');
}
