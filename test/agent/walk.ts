// A world for the agent's decisions to walk in: one pvc, a sync that asks, accepts and answers as domain/copy-window.ts
// allows, an application, and calls that succeed, fail or lose their answer, in any order.
import fc from 'fast-check';
import type { SeenPvc } from '../../agent/pvc-answer.ts';
import type { AgentOptions, Effect } from '../../agent/state.ts';
import { ANNOTATIONS as A, freshTrigger, readCopyWindow } from '../../domain/copy-trigger.ts';
import type { AnnotationPatch } from '../../domain/copy-trigger.ts';
import { MARGIN_MS, acceptable } from '../../domain/copy-window.ts';
import { parseTime, wholeSeconds } from '../../domain/time.ts';
import { NOW, PlayedAgent } from './agent-fixtures.ts';

export const HOLD_MS = 20_000;
const FREEZE_BOUND_MS = 30_000;

const outcome = fc.constantFrom('succeeds', 'succeeds', 'succeeds', 'fails', 'isLost');
export const happenings = fc.oneof(
  fc.record({ what: fc.constant('passes' as const), ms: fc.integer({ min: 1, max: 6_000 }) }),
  { weight: 4, arbitrary: fc.record({ what: fc.constant('call' as const), which: fc.nat(2), outcome }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('asks', 'accepts', 'cuts') }) },
  fc.record({ what: fc.constantFrom('fails', 'isSeenLate') }),
  { weight: 3, arbitrary: fc.record({ what: fc.constant('isSeen' as const) }) },
);
export const troubles = fc.record({ what: fc.constantFrom('isKilled', 'isStopped', 'freezeLost') });
export type Walk = readonly (
  | { readonly what: 'passes'; readonly ms: number }
  | { readonly what: 'call'; readonly which: number; readonly outcome: string }
  | { readonly what: string }
)[];

/** A world in which the agent is wrong in one way. */
export interface Wrong {
  /** Its promise outlasts its deadline by so much more. */
  readonly promisesMoreMs?: number;
  /** It does not look up by itself. */
  readonly oversleeps?: boolean;
}

export class World {
  agent: PlayedAgent;
  readonly options: Partial<AgentOptions>;
  readonly wrong: Wrong;
  versions: SeenPvc[];
  pending: Effect[] = [];
  /** By what really is: since when the application stands still. */
  stillSince: number | undefined;
  acceptedAt: number | undefined;
  quiesceOpenSince: number | undefined;
  quiescedOk = false;
  stopped = false;
  readonly broken: string[] = [];

  constructor(options: Partial<AgentOptions> = {}, wrong: Wrong = {}) {
    this.wrong = wrong;
    this.options = { holdMs: HOLD_MS, quiesceWithinMs: 5_000, ...options };
    this.versions = [this.#version({ [A.useCopyTrigger]: '' }, 1)];
    this.agent = new PlayedAgent(this.options);
    this.tell({ kind: 'wake' });
  }

  get pvc(): SeenPvc {
    return this.versions.at(-1) ?? this.#version({}, 1);
  }

  tell(...[happening]: Parameters<PlayedAgent['hears']>): void {
    const before = this.agent.effects.length;
    this.agent.hears(happening);
    this.#take(before);
  }

  pass(ms: number): void {
    const until = this.agent.at + ms;
    while (this.agent.wakes <= until && this.wrong.oversleeps !== true) {
      this.agent.at = this.agent.wakes;
      this.tell({ kind: 'wake' });
    }
    this.agent.at = until;
  }

  take(happening: Walk[number]): void {
    if (happening.what === 'passes' && 'ms' in happening) this.pass(happening.ms);
    else if (happening.what === 'call' && 'which' in happening)
      this.#settle(happening.which, happening.outcome);
    else this.#world(happening.what);
    const open = this.quiesceOpenSince;
    if (open !== undefined && this.agent.at > open + HOLD_MS)
      this.broken.push('the application was not let go at the deadline');
  }

  /** Everything works again, and everything pending succeeds. */
  calms(): void {
    for (let round = 0; round < 40; round += 1) {
      while (this.pending.length > 0) this.#settle(0, 'succeeds');
      this.#world('isSeen');
      this.pass(60_000);
    }
    while (this.pending.length > 0) this.#settle(0, 'succeeds');
  }

  write(patch: AnnotationPatch): void {
    const annotations = Object.fromEntries(
      Object.entries({ ...this.pvc.annotations, ...patch }).filter(([, value]) => value !== null),
    ) as Record<string, string>;
    this.versions.push(this.#version(annotations, Number(this.pvc.resourceVersion) + 1));
  }

  #version(annotations: Record<string, string>, resourceVersion: number): SeenPvc {
    const name = 'data';
    return { name, uid: 'uid-data', resourceVersion: String(resourceVersion), deleting: false, annotations };
  }

  #take(from: number): void {
    for (const effect of this.agent.effects.slice(from)) {
      if (effect.do === 'quiesce') this.#begins();
      if (effect.do === 'setTrigger' && !this.quiescedOk) this.broken.push('a trigger without a quiesce');
      if (effect.do === 'unquiesce') {
        this.quiesceOpenSince = undefined;
        this.quiescedOk = false;
      }
      if (effect.do === 'end' && this.stillSince !== undefined)
        this.broken.push('it ended and left it quiesced');
      this.pending.push(effect);
    }
  }

  #begins(): void {
    if (this.stillSince !== undefined) this.broken.push('quiesced twice without an unquiesce between');
    this.quiesceOpenSince = this.agent.at;
  }

  #settle(which: number, outcome: string): void {
    const [effect] = this.pending.splice(Math.min(which, Math.max(0, this.pending.length - 1)), 1);
    if (effect === undefined) return;
    if (effect.do === 'quiesce') this.#quiesced(outcome);
    if (effect.do === 'unquiesce') this.#unquiesced(outcome);
    if (effect.do === 'look' && outcome === 'succeeds') this.tell({ kind: 'seen', pvc: this.pvc });
    if (effect.do === 'setTrigger') this.#patch(effect, outcome);
    if (effect.do === 'takeBack') this.#takenBack(effect.pvc, outcome);
  }

  #quiesced(outcome: string): void {
    // One that was given up has ended before the unquiesce that follows it.
    if (this.quiesceOpenSince === undefined) return this.tell({ kind: 'quiesceFailed' });
    this.stillSince = this.agent.at; // Also when it fails: half of it may have been done.
    this.quiescedOk = outcome === 'succeeds';
    this.tell({ kind: this.quiescedOk ? 'quiesced' : 'quiesceFailed' });
  }

  #unquiesced(outcome: string): void {
    this.pending = this.pending.filter((other) => other.do !== 'quiesce');
    if (outcome === 'succeeds') this.stillSince = undefined;
    this.tell({ kind: outcome === 'succeeds' ? 'unquiesced' : 'unquiesceFailed' });
  }

  #takenBack(read: SeenPvc, outcome: string): void {
    const written = outcome !== 'fails' && read.resourceVersion === this.pvc.resourceVersion;
    if (written) this.write({ [A.copyTrigger]: null, [A.triggerValidUntil]: null });
    if (written && outcome === 'succeeds') this.tell({ kind: 'takenBack', pvc: this.pvc });
    else this.tell({ kind: 'notTakenBack', name: 'data' });
  }

  #patch(effect: Effect & { readonly do: 'setTrigger' }, outcome: string): void {
    if (outcome === 'fails') return this.tell({ kind: 'triggerNotSet', why: 'unknown' });
    if (effect.pvc.resourceVersion !== this.pvc.resourceVersion)
      return this.tell({ kind: 'triggerNotSet', why: 'conflict' });
    const until = wholeSeconds(effect.validUntil + (this.wrong.promisesMoreMs ?? 0));
    this.write({ [A.copyTrigger]: effect.trigger, [A.triggerValidUntil]: until });
    if (outcome === 'succeeds') this.tell({ kind: 'triggerSet', pvc: this.pvc });
    else this.tell({ kind: 'triggerNotSet', why: 'unknown' });
  }

  #world(what: string): void {
    const { [A.latestCopyStatus]: status } = this.pvc.annotations;
    const now = NOW + this.agent.at;
    const trigger = readCopyWindow(this.pvc.annotations)?.trigger ?? '';
    const asked = status === 'WaitingForTrigger';
    const frozen = status === 'InProgress';
    const happens: Readonly<Record<string, () => void>> = {
      asks: () => asked || frozen || this.#ask(),
      accepts: () => asked && acceptable(this.pvc, now) && this.#accept(now),
      cuts: () => frozen && this.#cut(now, trigger),
      fails: () => frozen && this.#answer('Failed', trigger),
      isSeen: () => this.tell({ kind: 'seen', pvc: this.pvc }),
      isSeenLate: () => this.tell({ kind: 'seen', pvc: this.versions.at(-2) ?? this.pvc }),
      isStopped: () => this.#stop(),
      freezeLost: () => this.tell({ kind: 'freezeLost' }),
      isKilled: () => this.#kill(),
    };
    happens[what]?.();
  }

  #ask(): void {
    this.write({ [A.latestCopyStatus]: 'WaitingForTrigger', [A.copyWindow]: windowOf() });
  }

  #stop(): void {
    this.stopped = true;
    this.tell({ kind: 'stop' });
  }

  // The image is fixed at once, or never.
  #cut(now: number, trigger: string): void {
    const releaseBy = parseTime(this.pvc.annotations[A.releaseBy]) ?? 0;
    if (now >= releaseBy - MARGIN_MS) return;
    const still = this.stillSince !== undefined && this.stillSince <= (this.acceptedAt ?? 0);
    if (!still) this.broken.push('a copy was completed of an application that ran');
    this.#answer('Completed', trigger);
  }

  #accept(now: number): void {
    const validUntil = parseTime(this.pvc.annotations[A.triggerValidUntil]) ?? 0;
    this.acceptedAt = this.agent.at;
    this.write({
      [A.latestCopyStatus]: 'InProgress',
      [A.copyWindow]: windowOf(freshTrigger(this.pvc.annotations)),
      [A.releaseBy]: wholeSeconds(Math.min(now + FREEZE_BOUND_MS, validUntil)),
    });
  }

  #answer(status: string, trigger: string): void {
    this.write({
      [A.latestCopyStatus]: status,
      [A.latestCopyTrigger]: trigger,
      [A.copyWindow]: windowOf(trigger, status),
    });
  }

  #kill(): void {
    const { at } = this.agent;
    this.pending = [];
    this.quiesceOpenSince = undefined;
    this.quiescedOk = false;
    this.agent = new PlayedAgent(this.options);
    this.agent.at = at;
    this.agent.state = {
      ...this.agent.state,
      phase: { name: 'recovering', until: at + 10_000 },
      contactAt: at,
    };
    this.tell({ kind: 'wake' });
  }
}

function windowOf(trigger?: string, result?: string): string {
  return JSON.stringify({
    id: 'w',
    pvc: 'uid-data',
    runs: ['r'],
    ...(trigger && { trigger }),
    ...(result && { result }),
  });
}
