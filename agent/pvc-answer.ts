// What one pvc says to the agent: whether a copy is wanted of it, and what has become of a trigger of ours.
import { ANNOTATIONS, freshTrigger, readCopyTrigger, readCopyWindow } from '../domain/copy-trigger.ts';
import type { Annotations } from '../domain/copy-trigger.ts';
import { parseTime } from '../domain/time.ts';

/** A pvc as it was read, no more of it than the agent needs. */
export interface SeenPvc {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly deleting: boolean;
  readonly annotations: Annotations;
}

/** What has become of a trigger. */
export type Answer =
  | { readonly is: 'standing' }
  | { readonly is: 'accepted'; readonly releaseBy?: number }
  | { readonly is: 'answered'; readonly status: string }
  /** It does not stand there: never set, or somebody has taken it away. */
  | { readonly is: 'absent' };

/** Whether somebody waits for a trigger that nobody has set. A window of another pvc came with a restore, and asks nobody. */
export function isWanted({ annotations, uid, deleting }: SeenPvc): boolean {
  if (deleting || annotations[ANNOTATIONS.latestCopyStatus] !== 'WaitingForTrigger') return false;
  if (readCopyTrigger(annotations).kind !== 'awaited') return false;
  const window = readCopyWindow(annotations);
  return window === undefined || (window.pvc === uid && window.result === undefined);
}

export function answerTo(trigger: string, { annotations }: SeenPvc): Answer {
  const status = annotations[ANNOTATIONS.latestCopyStatus] ?? '';
  if (annotations[ANNOTATIONS.latestCopyTrigger] === trigger) return { is: 'answered', status };
  if (status === 'InProgress' && pinnedTrigger(annotations) === trigger) {
    const releaseBy = parseTime(annotations[ANNOTATIONS.releaseBy]);
    return { is: 'accepted', ...(releaseBy !== undefined && { releaseBy }) };
  }
  return { is: annotations[ANNOTATIONS.copyTrigger] === trigger ? 'standing' : 'absent' };
}

/** The trigger with this beginning that still stands there, or was accepted, without an answer. */
export function unansweredTrigger(prefix: string, { annotations }: SeenPvc): string | undefined {
  const inProgress = annotations[ANNOTATIONS.latestCopyStatus] === 'InProgress';
  const candidates = [inProgress ? pinnedTrigger(annotations) : undefined, freshTrigger(annotations)];
  return candidates.find(
    (trigger) =>
      trigger?.startsWith(prefix) === true && trigger !== annotations[ANNOTATIONS.latestCopyTrigger],
  );
}

/** Whether it stands there for anybody to accept, or to take back. */
export function stands(trigger: string, { annotations }: SeenPvc): boolean {
  return freshTrigger(annotations) === trigger;
}

// VolSync pins nothing: it answers what stands there at the end.
function pinnedTrigger(annotations: Annotations): string | undefined {
  const window = readCopyWindow(annotations);
  return window === undefined ? annotations[ANNOTATIONS.copyTrigger] : window.trigger;
}
