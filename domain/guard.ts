// When the guard has to let an application go (rows 8, 10 and 11 of the window's table): what it watches for on one
// pvc, and how long it may still wait. Whether it may write then, domain/copy-window.ts decides.
import { ANNOTATIONS, freshTrigger } from './copy-trigger.ts';
import { MARGIN_MS, readWindowState } from './copy-window.ts';
import type { PvcView } from './copy-window.ts';
import { failures } from './failures.ts';
import type { Failure } from './failures.ts';
import { parseTime } from './time.ts';

export interface Endangered {
  /** Another one as soon as something else is waited for: the guard's stopwatch begins anew. */
  readonly situation: string;
  /** What it says when it lets the application go. */
  readonly failure: Failure;
  /** Milliseconds since the epoch, API server's time; undefined where only the stopwatch counts. */
  readonly deadline: number | undefined;
}

/** Undefined while nobody stands still on our account; `name` of the pvc is for the sentence. */
export function endangered(pvc: PvcView, name: string): Endangered | undefined {
  const current = readWindowState(pvc);
  if (current.state === 'frozen') {
    const { releaseBy, window } = current;
    return { situation: `frozen ${window.id}`, failure: failures.releasedByGuard(name), deadline: releaseBy };
  }
  const { window } = current;
  const trigger = freshTrigger(pvc.annotations);
  const unanswered = current.state === 'asked' || (window?.pvc === pvc.uid && window.result === 'Failed');
  if (!unanswered || window === undefined || trigger === undefined) return undefined;
  const deadline = parseTime(pvc.annotations[ANNOTATIONS.triggerValidUntil]);
  return {
    situation: `unanswered ${window.id} ${trigger}`,
    failure: failures.triggerExpired(name),
    deadline,
  };
}

/** How long the guard has to wait before it may act, milliseconds; 0 when it may. A known `release-by` counts alone. */
export function guardWaits(
  { situation, deadline }: Endangered,
  {
    now,
    stoodForMs,
    boundMs,
  }: { readonly now: number; readonly stoodForMs: number; readonly boundMs: number },
): number {
  const byStopwatch = boundMs - stoodForMs;
  const byDeadline = (deadline ?? Number.POSITIVE_INFINITY) + MARGIN_MS + 1 - now;
  const known = deadline !== undefined;
  const left = situation.startsWith('frozen') && known ? byDeadline : Math.min(byStopwatch, byDeadline);
  return Math.max(0, left);
}
