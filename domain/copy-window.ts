// The copy window: the conversation with the application around one copy. One pure function, `decide`,
// says for what stands on the pvc, an event and the API server's time what is to be written, if anything.
//
//   idle ──begin──► asked ──trigger, proceed──► frozen ──cut──► idle (Completed)
//                     └──────────leave────────────┴──leave, guard──► idle (Failed)
//
// Whoever writes a patch of this file sends the uid and resourceVersion of the read that justified it; on
// a conflict it reads live and decides again. Row numbers are those of the table in docs/protocol.md.
import { ANNOTATIONS, freshTrigger, readCopyTrigger, readCopyWindow } from './copy-trigger.ts';
import type { AnnotationPatch, Annotations, CopyWindow } from './copy-trigger.ts';
import type { Failure } from './failures.ts';
import { parseTime, wholeSeconds } from './time.ts';
import type { WindowEvent } from './window-event.ts';

export type { WindowEvent } from './window-event.ts';

/** How far two honest clocks may disagree, milliseconds: runs stop this much before a deadline, the guard starts this much after. */
export const MARGIN_MS = 2_000;

/** A pvc, as far as the window cares. Times are milliseconds since the epoch. */
export interface PvcView {
  readonly uid: string;
  readonly annotations: Annotations;
  /** When the last Completed or Failed was written, if one stands there and its time is known. */
  readonly answeredAt?: number;
}

export type WindowState =
  | { readonly state: 'idle'; readonly window?: CopyWindow }
  | { readonly state: 'asked'; readonly window: CopyWindow }
  | { readonly state: 'frozen'; readonly window: CopyWindow; readonly releaseBy?: number };

export type WindowDecision =
  | { readonly do: 'patch'; readonly annotations: AnnotationPatch; readonly window: CopyWindow }
  /** Nothing to write: it is so already, or its time has not come. */
  | {
      readonly do: 'nothing';
      readonly because:
        'done' | 'awaited' | 'expired' | 'optedOut' | 'triggered' | 'othersNotCut' | 'notOurs';
      readonly window?: CopyWindow;
    }
  /** Decide again at that time, or when the pvc changes. */
  | { readonly do: 'wait'; readonly until?: number }
  /** No row fits: the window is somebody else's or closed; drop the copy. */
  | { readonly do: 'lost' }
  /** The deadline of the freeze has passed: give up. */
  | { readonly do: 'late' };

/** What the annotations say now; another pvc's window (restored annotations) and VolSync's left-overs are idle. */
export function readWindowState(pvc: PvcView): WindowState {
  const window = readCopyWindow(pvc.annotations);
  if (window === undefined) return { state: 'idle' };
  if (window.pvc !== pvc.uid || window.result !== undefined) return { state: 'idle', window };
  switch (pvc.annotations[ANNOTATIONS.latestCopyStatus]) {
    case 'WaitingForTrigger':
      return { state: 'asked', window };
    case 'InProgress': {
      const releaseBy = parseTime(pvc.annotations[ANNOTATIONS.releaseBy]);
      return releaseBy === undefined ? { state: 'frozen', window } : { state: 'frozen', window, releaseBy };
    }
    case undefined:
    default:
      return { state: 'idle', window };
  }
}

/** The window's state machine. `now` is the API server's time, milliseconds since the epoch. */
export function decide(pvc: PvcView, event: WindowEvent, now: number): WindowDecision {
  const moment = { pvc, now, current: readWindowState(pvc) };
  switch (event.kind) {
    case 'begin':
      return begin(moment, event);
    case 'trigger':
      return acceptTrigger(moment, event);
    case 'proceed':
      return proceed(moment, event);
    case 'cut':
      return complete(moment, event);
    case 'leave':
      return leave(moment, event);
    case 'guard':
      return guard(moment, event);
  }
}

/** Whether a trigger stands there that a sync may accept now. */
export function acceptable(pvc: PvcView, now: number): boolean {
  return readCopyTrigger(pvc.annotations).kind === 'fresh' && now < validUntil(pvc) - MARGIN_MS;
}

interface Moment {
  readonly pvc: PvcView;
  readonly current: WindowState;
  readonly now: number;
}

type EventOf<Kind extends WindowEvent['kind']> = WindowEvent & { readonly kind: Kind };

// Rows 1, 2 and 3.
function begin(
  { pvc, current, now }: Moment,
  { run, windowId, answerVisibleMs }: EventOf<'begin'>,
): WindowDecision {
  if (current.state !== 'idle' && current.window.runs.includes(run)) return done(current.window);
  if (current.state === 'frozen') return { do: 'wait' };
  if (current.state === 'asked') return write({ ...current.window, runs: [...current.window.runs, run] }, {});
  if (readCopyTrigger(pvc.annotations).kind === 'unused') return { do: 'nothing', because: 'optedOut' };
  if (acceptable(pvc, now)) return { do: 'nothing', because: 'triggered' };
  const visibleUntil = (pvc.answeredAt ?? 0) + answerVisibleMs;
  if (now < visibleUntil) return { do: 'wait', until: visibleUntil };
  return write(
    { id: windowId, pvc: pvc.uid, runs: [run] },
    {
      [ANNOTATIONS.latestCopyStatus]: 'WaitingForTrigger',
      [ANNOTATIONS.waitingSince]: wholeSeconds(now),
      [ANNOTATIONS.releaseBy]: null,
    },
  );
}

// Rows 2, 4 and 13.
function acceptTrigger({ pvc, current, now }: Moment, event: EventOf<'trigger'>): WindowDecision {
  const window = windowToFreeze(pvc, current, event);
  if ('do' in window) return window;
  const trigger = readCopyTrigger(pvc.annotations);
  if (trigger.kind === 'unused') return { do: 'nothing', because: 'optedOut' };
  if (trigger.kind === 'awaited') return { do: 'nothing', because: 'awaited' };
  if (trigger.trigger !== (event.preset ?? trigger.trigger)) return { do: 'nothing', because: 'awaited' };
  if (!acceptable(pvc, now)) return { do: 'nothing', because: 'expired' };
  const bound = Math.min(now + event.freezeBoundMs, validUntil(pvc));
  return freeze({ ...window, trigger: trigger.trigger }, bound);
}

// The window that this run asked in, or a new one for a trigger that was set beforehand.
function windowToFreeze(
  pvc: PvcView,
  current: WindowState,
  event: EventOf<'trigger'>,
): CopyWindow | WindowDecision {
  const { run, windowId, asked } = event;
  switch (current.state) {
    case 'asked':
      if (isMine(current.window, event)) return current.window;
      // Another sync asks by now: one that has not begins anew, and joins.
      return lostIf(asked, { do: 'nothing', because: 'awaited' });
    case 'frozen':
      if (isMine(current.window, event)) return done(current.window);
      return lostIf(asked, { do: 'wait' });
    case 'idle':
      if (asked || current.window?.id === windowId) return settled(current, windowId);
      return { id: windowId, pvc: pvc.uid, runs: [run] };
  }
}

// The window that a run has asked in is closed for good once another one stands there.
function lostIf(asked: boolean, otherwise: WindowDecision): WindowDecision {
  return asked ? { do: 'lost' } : otherwise;
}

// Row 5: the acceptance of whatever trigger stands there; one already answered, or none, is not repeated.
function proceed({ pvc, current, now }: Moment, event: EventOf<'proceed'>): WindowDecision {
  if (current.state === 'idle') return settled(current, event.windowId);
  if (!isMine(current.window, event)) return { do: 'lost' };
  if (current.state === 'frozen') return done(current.window);
  const { by, freezeBoundMs, standsStillUntil = Number.POSITIVE_INFINITY } = event;
  if (now >= standsStillUntil - MARGIN_MS) return { do: 'nothing', because: 'expired' };
  const bound = Math.min(now + freezeBoundMs, standsStillUntil);
  const trigger = freshTrigger(pvc.annotations);
  if (trigger === undefined) return freeze({ ...current.window, by }, bound);
  return freeze({ ...current.window, by, trigger }, Math.min(bound, validUntil(pvc)));
}

// Row 6: `Completed` only when every copy promised in this window was seen cut before the deadline.
function complete({ current, now }: Moment, { windowId, cutRuns }: EventOf<'cut'>): WindowDecision {
  if (current.state !== 'frozen' || current.window.id !== windowId) return settled(current, windowId);
  const { window, releaseBy = 0 } = current;
  if (now >= releaseBy - MARGIN_MS) return { do: 'late' };
  if (!window.runs.every((run) => cutRuns.includes(run)))
    return { do: 'nothing', because: 'othersNotCut', window };
  return write(
    { ...window, result: 'Completed' },
    {
      [ANNOTATIONS.latestCopyStatus]: 'Completed',
      ...answered(window.trigger),
      [ANNOTATIONS.releaseBy]: null,
      [ANNOTATIONS.latestCopyError]: null,
    },
  );
}

// Rows 7 and 9: the last one to leave closes the window; its trigger is used up, because a later copy for
// it would be of an application that has long resumed.
function leave({ pvc, current }: Moment, { run, failure }: EventOf<'leave'>): WindowDecision {
  if (current.state === 'idle' || !current.window.runs.includes(run))
    return { do: 'nothing', because: 'notOurs' };
  const others = current.window.runs.filter((other) => other !== run);
  if (others.length > 0) return write({ ...current.window, runs: others }, {});
  return fail(pvc, current.window, failure);
}

// Rows 8, 10 and 11.
function guard(moment: Moment, event: EventOf<'guard'>): WindowDecision {
  const { pvc, current } = moment;
  if (current.state === 'frozen') {
    if (isOverdue(moment, event)) return fail(pvc, current.window, event.failure);
    return { do: 'nothing', because: 'awaited' };
  }
  const { window } = current;
  const ours = current.state === 'asked' || (window?.pvc === pvc.uid && window.result === 'Failed');
  if (!ours || window === undefined) return { do: 'nothing', because: 'notOurs' };
  return isIgnored(moment, event) ? fail(pvc, window, event.failure) : { do: 'nothing', because: 'awaited' };
}

function isOverdue({ current, now }: Moment, { stoodForMs, boundMs }: EventOf<'guard'>): boolean {
  const releaseBy = current.state === 'frozen' ? current.releaseBy : undefined;
  return releaseBy === undefined ? stoodForMs >= boundMs : now > releaseBy + MARGIN_MS;
}

function isIgnored({ pvc, now }: Moment, { stoodForMs, boundMs }: EventOf<'guard'>): boolean {
  if (freshTrigger(pvc.annotations) === undefined) return false;
  return stoodForMs >= boundMs || now > validUntil(pvc) + MARGIN_MS;
}

function freeze(window: CopyWindow, bound: number): WindowDecision {
  return write(window, {
    [ANNOTATIONS.latestCopyStatus]: 'InProgress',
    [ANNOTATIONS.waitingSince]: null,
    [ANNOTATIONS.releaseBy]: wholeSeconds(bound),
  });
}

// A window that fails before its trigger was accepted uses up the one that stands there: its owner waits for an answer.
function fail(pvc: PvcView, window: CopyWindow, failure: Failure): WindowDecision {
  const frozen = pvc.annotations[ANNOTATIONS.latestCopyStatus] === 'InProgress';
  return write(
    { ...window, result: 'Failed' },
    {
      [ANNOTATIONS.latestCopyStatus]: 'Failed',
      ...answered(frozen ? window.trigger : freshTrigger(pvc.annotations)),
      [ANNOTATIONS.latestCopyError]: `${failure.reason}: ${failure.message}`,
      [ANNOTATIONS.waitingSince]: null,
      [ANNOTATIONS.releaseBy]: null,
    },
  );
}

function answered(trigger: string | undefined): AnnotationPatch {
  return trigger === undefined ? {} : { [ANNOTATIONS.latestCopyTrigger]: trigger };
}

function write(window: CopyWindow, annotations: AnnotationPatch): WindowDecision {
  return {
    do: 'patch',
    window,
    annotations: { ...annotations, [ANNOTATIONS.copyWindow]: JSON.stringify(window) },
  };
}

// Row 13: a retry or a late writer.
function settled(current: WindowState, windowId: string): WindowDecision {
  const { window } = current;
  return window?.id === windowId && window.result === 'Completed' ? done(window) : { do: 'lost' };
}

function done(window: CopyWindow): WindowDecision {
  return { do: 'nothing', because: 'done', window };
}

function isMine(window: CopyWindow, { run, windowId }: { run: string; windowId: string }): boolean {
  return window.id === windowId && window.runs.includes(run);
}

function validUntil(pvc: PvcView): number {
  return parseTime(pvc.annotations[ANNOTATIONS.triggerValidUntil]) ?? Number.POSITIVE_INFINITY;
}
