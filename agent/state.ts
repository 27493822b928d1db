// What the agent knows and what it is doing; which way it goes on, decide.ts says.
//
//   recovering ─► thawing ─► idle ─wanted─► quiescing ─► triggering ─► frozen ─answer, deadline, …─► thawing
//                                              └──────────────┴── whatever goes wrong ──────────────────┘
//
// Times: `at` is this machine's stopwatch, `now` the API server's clock; both milliseconds.
import type { SeenPvc } from './pvc-answer.ts';

/** One quiesce and what it is for. */
export interface Freeze {
  readonly pvc: string;
  readonly trigger: string;
  /** By the stopwatch: the application runs again then, whatever has been heard. */
  readonly deadlineAt: number;
}

export type Because =
  | 'restarted'
  | 'Completed'
  | 'Failed'
  | 'answered'
  | 'quiesceFailed'
  | 'noLongerWanted'
  | 'refused'
  | 'takenAway'
  | 'freezeLost'
  | 'deadline'
  | 'apiServerLost'
  | 'stopped';

export type Phase =
  /** Just started: an earlier life may have left a quiesce behind. */
  | { readonly name: 'recovering'; readonly until: number }
  | { readonly name: 'idle' }
  | { readonly name: 'quiescing'; readonly freeze: Freeze; readonly until: number }
  /**
   * Quiesced. `sent`: a patch with the trigger is on its way, else the pvc is read again. `against`: the version that it
   * is for; `unsure`: it may have been made, or still be.
   */
  | {
      readonly name: 'triggering';
      readonly freeze: Freeze;
      readonly sent: boolean;
      readonly against: string;
      readonly unsure: boolean;
      readonly quiescedAt: number;
    }
  /** The trigger stands, or stood, on the pvc; `letGoBy`: to be ended as soon as that breaks no promise, and then at the latest. */
  | {
      readonly name: 'frozen';
      readonly freeze: Freeze;
      readonly letGo?: { readonly by: number; readonly because: 'restarted' | 'stopped' };
    }
  /** The unquiesce, until it has succeeded. */
  | {
      readonly name: 'thawing';
      readonly because: Because;
      readonly pvc?: string;
      readonly running: boolean;
      readonly failures: number;
      readonly retryAt: number;
    }
  | { readonly name: 'over' };

/** After a freeze for nothing, the next one of this pvc waits; longer each time. */
export interface Pause {
  readonly until: number;
  readonly inARow: number;
}

export interface TakeBack {
  readonly running: boolean;
  readonly failures: number;
  readonly retryAt: number;
}

export interface AgentState {
  readonly phase: Phase;
  /** By name; null when there is no such pvc, absent when it was never seen. */
  readonly seen: Readonly<Record<string, SeenPvc | null>>;
  readonly contactAt: number;
  readonly lookAt: number;
  readonly stopBy?: number;
  readonly pauses: Readonly<Record<string, Pause>>;
  readonly takingBack: Readonly<Record<string, TakeBack>>;
}

export type AgentEvent = { readonly at: number; readonly now: number } & (
  | { readonly kind: 'wake' | 'stop' }
  | { readonly kind: 'seen'; readonly pvc: SeenPvc }
  | { readonly kind: 'gone'; readonly name: string }
  /** The quiesce has succeeded or failed. */
  | { readonly kind: 'quiesced' | 'quiesceFailed' | 'freezeLost' }
  | { readonly kind: 'triggerSet'; readonly pvc: SeenPvc }
  /** `conflict`: nothing was written. `unknown`: perhaps it was. `refused`: it never will be. */
  | { readonly kind: 'triggerNotSet'; readonly why: 'conflict' | 'unknown' | 'refused' }
  | { readonly kind: 'takenBack'; readonly pvc: SeenPvc }
  | { readonly kind: 'notTakenBack'; readonly name: string }
  | { readonly kind: 'unquiesced' | 'unquiesceFailed' }
);

/** What happened, without its time. */
export type Happening = AgentEvent extends infer Event
  ? Event extends AgentEvent
    ? Omit<Event, 'at' | 'now'>
    : never
  : never;

export type Effect =
  | { readonly do: 'quiesce' }
  /** Ends the quiesce that runs. */
  | { readonly do: 'abandon' }
  | { readonly do: 'unquiesce' }
  /** All three on condition that the pvc still is as seen. */
  | {
      readonly do: 'setTrigger';
      readonly pvc: SeenPvc;
      readonly trigger: string;
      readonly validUntil: number;
      readonly quiescedAt: number;
    }
  | { readonly do: 'takeBack'; readonly pvc: SeenPvc }
  | { readonly do: 'look'; readonly name: string }
  | { readonly do: 'end' };

export interface AgentOptions {
  readonly pvcs: readonly string[];
  /** Every trigger of this agent, in all its lives, begins with it. */
  readonly prefix: string;
  /** Whether what was quiesced stays quiesced when the agent dies. */
  readonly outlivesAgent: boolean;
  /** Longest time from the beginning of a quiesce to the unquiesce. */
  readonly holdMs: number;
  readonly quiesceWithinMs: number;
  /** How long the API server may be silent while the application stands still; absent: until the deadline. */
  readonly apiPatienceMs?: number;
  /** How long an accepted trigger is waited for after SIGTERM. */
  readonly stopGraceMs: number;
  /** Pause after a freeze for nothing; doubles. */
  readonly retryMs: number;
}

export interface Step {
  readonly state: AgentState;
  readonly effects: readonly Effect[];
}
