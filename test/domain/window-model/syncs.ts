// The syncs, step by step as activities/ take them, each `yield` a moment in which anything else may happen. An
// attempt whose worker stalled is tried again beside it, and goes on whenever it likes on what it has read.
import { freshTrigger, readCopyTrigger } from '../../../domain/copy-trigger.ts';
import { readWindowState } from '../../../domain/copy-window.ts';
import type { WindowDecision, WindowEvent } from '../../../domain/copy-window.ts';
import { failures } from '../../../domain/failures.ts';
import { QUEUE } from './owners-worker.ts';
import type { OwnersWorker } from './owners-worker.ts';
import { ANSWER_VISIBLE_MS, BOUND_MS } from './world.ts';
import type { Version, WindowWorld } from './world.ts';

type Steps<Result> = Generator<void, Result, void>;

type Gate =
  | { readonly kind: 'open' }
  | { readonly kind: 'asked'; readonly windowId: string; readonly triggered: boolean }
  | { readonly kind: 'triggered'; readonly windowId: string; readonly trigger: string };

type Taken = 'taken' | 'notYet' | 'failed';

export interface Actor {
  readonly world: WindowWorld;
  readonly run: string;
  readonly skew: number;
}

/** A person's word, or that of the owner's worker, which holds for so long. */
interface Word {
  readonly by: string;
  readonly standsStillUntil?: number;
}

/** Reads, stalls, decides, stalls, writes; begins again when the pvc changed meanwhile. */
export function* applyEvent(
  { world, skew }: Pick<Actor, 'world' | 'skew'>,
  event: () => WindowEvent,
): Steps<{ decision: WindowDecision; read: Version }> {
  for (;;) {
    const read = world.pvc;
    yield;
    const decision = world.decide(read, event(), skew);
    if (decision.do !== 'patch') return { decision, read };
    yield;
    if (world.patch(read, decision.annotations)) return { decision, read: world.pvc };
  }
}

function* beginSync(actor: Actor): Steps<Gate> {
  const { world, run } = actor;
  const windowId = world.newWindowId();
  const begin = { kind: 'begin', run, windowId, answerVisibleMs: ANSWER_VISIBLE_MS } as const;
  for (;;) {
    const { decision, read } = yield* applyEvent(actor, () => begin);
    if (readCopyTrigger(read.annotations).kind === 'unused') {
      const failure = failures.optedOut('shop/orders');
      yield* applyEvent(actor, () => ({ kind: 'leave', run, failure }));
      return { kind: 'open' };
    }
    if (decision.do === 'wait') yield;
    else if (decision.do === 'nothing' && decision.because === 'triggered')
      return { kind: 'triggered', windowId, trigger: freshTrigger(read.annotations) ?? '' };
    else {
      const { state, window } = readWindowState(read);
      return { kind: 'asked', windowId: window?.id ?? '', triggered: state === 'frozen' };
    }
  }
}

function* takeCopy(actor: Actor, gate: Gate, said: Word | undefined): Steps<Taken> {
  if (gate.kind === 'open') return yield* untilCut(actor, undefined);
  const word = { run: actor.run, windowId: gate.windowId, freezeBoundMs: BOUND_MS };
  const preset = gate.kind === 'triggered' ? { preset: gate.trigger } : {};
  const accept: WindowEvent =
    said === undefined
      ? { ...word, kind: 'trigger', asked: gate.kind === 'asked', ...preset }
      : { ...word, kind: 'proceed', ...said };
  for (;;) {
    const { decision } = yield* applyEvent(actor, () => accept);
    yield;
    const accepted = acceptedIn(decision);
    if (accepted !== undefined) return yield* untilCut(actor, accepted);
    if (decision.do !== 'wait') return decision.do === 'nothing' ? 'notYet' : 'failed';
  }
}

/** The window that was accepted, now or by an earlier attempt. */
function acceptedIn(decision: WindowDecision): string | undefined {
  const accepted = decision.do === 'patch' || (decision.do === 'nothing' && decision.because === 'done');
  return accepted ? decision.window?.id : undefined;
}

// Creates the copy, waits for its cut, and then for the release of the whole window. The activity's own deadline is
// left out: a worker that stalled may come to this point at any time, and then only `decide` is in the way.
function* untilCut({ world, run, skew }: Actor, windowId: string | undefined): Steps<Taken> {
  const copy = world.copy(windowId, run);
  while (copy.cutAt === undefined) {
    yield;
    if (copy.removed) return 'failed';
  }
  if (windowId === undefined) return 'taken';
  for (;;) {
    const { decision } = yield* applyEvent({ world, skew }, () => ({
      kind: 'cut',
      windowId,
      cutRuns: world.cutRuns(windowId),
    }));
    if (decision.do === 'patch' || (decision.do === 'nothing' && decision.because === 'done')) return 'taken';
    if (decision.do !== 'nothing') return 'failed';
    yield;
  }
}

// The trigger did not come, and the source says to copy without it.
function* copyWithoutTrigger(actor: Actor): Steps<Taken> {
  const { run } = actor;
  const failure = failures.triggerOverdue('shop/orders', 'it is copied crash-consistently');
  yield* applyEvent(actor, () => ({ kind: 'leave', run, failure }));
  return yield* untilCut(actor, undefined);
}

/** Leaves every window that names the run, and removes what the run made. */
export function* closeSync(actor: Actor): Steps<void> {
  const { world, run } = actor;
  const failure = failures.cancelled('shop/orders');
  yield* applyEvent(actor, () => ({ kind: 'leave', run, failure }));
  for (const copy of world.copies) if (copy.run === run) copy.removed = true;
}

type Phase = 'over' | 'beginning' | 'waiting' | 'taking' | 'takingUnasked' | 'closing';

/** The workflow: what it does next when an activity has ended, failed, or been lost. */
export class Sync {
  readonly #actor: Actor;
  readonly #worker: OwnersWorker | undefined;
  readonly #stalled: Steps<unknown>[] = [];
  #attempt: Steps<unknown> | undefined;
  #gate: Gate = { kind: 'open' };
  #word: Word | undefined;
  /** The window for which the owner's worker was called and not told yet. */
  #called: string | undefined;
  phase: Phase = 'over';

  constructor(actor: Actor, worker?: OwnersWorker) {
    this.#actor = actor;
    this.#worker = worker;
  }

  get run(): string {
    return this.#actor.run;
  }

  get stalledAttempts(): number {
    return this.#stalled.length;
  }

  start(): void {
    this.#word = undefined;
    this.#called = undefined;
    this.#enter('beginning');
  }

  /** A nudge, real or lost and told again. */
  nudge(): void {
    this.#enter('taking');
  }

  proceed(person: string): void {
    this.#word = { by: person };
    this.#enter('taking');
  }

  /** The call of the owner's worker has returned. */
  quiesced(): void {
    if (this.#gate.kind !== 'asked' || this.#worker === undefined) return;
    this.#called = this.#gate.windowId;
    this.#word = { by: QUEUE, standsStillUntil: this.#worker.quiesce(this.#gate.windowId) };
    this.#enter('taking');
  }

  giveUp(): void {
    this.#enter('takingUnasked');
  }

  /** The worker fell silent: the activity is tried again, and the silent attempt is not dead. */
  retry(): void {
    this.#stall();
    this.#enter(this.phase);
  }

  cancel(): void {
    this.#stall();
    this.#enter('closing');
  }

  /** Ends without a word. */
  terminate(): void {
    this.#stall();
    this.phase = 'over';
  }

  step(): void {
    const next = this.#attempt?.next();
    if (next?.done !== true) return;
    this.#attempt = undefined;
    this.#ended(next.value);
  }

  stepStalled(which: number): void {
    const attempt = this.#stalled[which];
    if (attempt?.next().done === true) this.#stalled.splice(which, 1);
  }

  #ended(result: unknown): void {
    if (this.phase === 'beginning') {
      this.#gate = result as Gate;
      const waits = this.#gate.kind === 'asked' && !this.#gate.triggered && this.#word === undefined;
      this.#enter(waits ? 'waiting' : 'taking');
    } else if (this.phase === 'taking' || this.phase === 'takingUnasked') {
      this.#took(result);
    } else {
      this.#tell();
      this.phase = 'over';
    }
  }

  #took(result: unknown): void {
    if (result === 'notYet') {
      // A word that has expired is asked for again; a person's is not taken back.
      if (this.#word?.standsStillUntil !== undefined) this.#word = undefined;
      this.#enter('beginning');
    } else if (result === 'taken') {
      this.#tell();
      this.#removeCopies();
    } else {
      this.#enter('closing');
    }
  }

  // As soon as the window is over for everybody: whoever else copies in it needs the stillness still.
  #tell(): void {
    const called = this.#called;
    const { state, window } = readWindowState(this.#actor.world.pvc);
    if (called === undefined || (state !== 'idle' && window.id === called)) return;
    this.#worker?.unquiesce(called);
  }

  // The mover has moved the copy away.
  #removeCopies(): void {
    for (const copy of this.#actor.world.copies) if (copy.run === this.run) copy.removed = true;
    this.phase = 'over';
  }

  #stall(): void {
    if (this.#attempt !== undefined) this.#stalled.push(this.#attempt);
    this.#attempt = undefined;
  }

  #enter(phase: Phase): void {
    this.phase = phase;
    if (phase === 'beginning') this.#attempt = beginSync(this.#actor);
    if (phase === 'taking') this.#attempt = takeCopy(this.#actor, this.#gate, this.#word);
    if (phase === 'takingUnasked') this.#attempt = copyWithoutTrigger(this.#actor);
    if (phase === 'closing') this.#attempt = closeSync(this.#actor);
  }
}
