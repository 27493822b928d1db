// Sees everything that happens, knows when the application really stood still, and throws at the first thing
// that must never be: the invariants of ARCHITECTURE.md's window, numbered as in the design.
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import type { AnnotationPatch, CopyWindow } from '../../../domain/copy-trigger.ts';
import { readWindowState } from '../../../domain/copy-window.ts';
import type { WindowState } from '../../../domain/copy-window.ts';
import { isQuiesceQueue } from '../../../domain/quiesce-queue.ts';
import type { ModelCopy, Version } from './world.ts';

export const INVARIANTS = {
  early: '1 no early copy',
  truth: '2 Completed is true',
  once: '3 one trigger, one window',
  released: '4 nobody stays asked',
  keys: '5 the user’s keys are the user’s',
  bounded: '11 every freeze is bounded',
} as const;

export class Violation extends Error {
  constructor(invariant: keyof typeof INVARIANTS, what: string) {
    super(`${INVARIANTS[invariant]}: ${what}`);
  }
}

export interface Patched {
  readonly before: Version;
  readonly after: Version;
  readonly patch: AnnotationPatch;
  readonly copies: readonly ModelCopy[];
  readonly now: number;
}

interface Stillness {
  readonly from: number;
  to: number;
}

interface KnownWindow {
  accepted: boolean;
  trigger?: string | undefined;
  /** Who copies in it and has not left by its own word. */
  runs: readonly string[];
  result?: CopyWindow['result'];
}

export class Judge {
  readonly #stillnesses: Stillness[] = [];
  readonly #triggers = new Map<string, Stillness>();
  readonly #held = new Map<string, Stillness[]>();
  readonly #accepted = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #windows = new Map<string, KnownWindow>();

  stoodStill(now: number): void {
    this.#stillnesses.push({ from: now, to: Number.POSITIVE_INFINITY });
  }

  resumed(now: number): void {
    const last = this.#stillnesses.at(-1);
    if (last !== undefined) last.to = now;
  }

  /** The owner's worker stands still for this window. */
  held(windowId: string, now: number): void {
    this.#held.set(windowId, [
      ...(this.#held.get(windowId) ?? []),
      { from: now, to: Number.POSITIVE_INFINITY },
    ]);
  }

  letGo(windowId: string, now: number): void {
    const last = this.#held.get(windowId)?.at(-1);
    if (last !== undefined) last.to = now;
  }

  /** The owner promises to stand still for this trigger, and does. */
  triggerSet(trigger: string): void {
    const still = this.#stillnesses.at(-1);
    if (still !== undefined) this.#triggers.set(trigger, still);
  }

  copyCreated(windowId: string | undefined): void {
    if (windowId !== undefined && this.#windows.get(windowId)?.accepted !== true)
      throw new Violation('early', `a copy was created in the window ${windowId} before its acceptance`);
  }

  patched(patched: Patched): void {
    const { before, after, patch } = patched;
    if (A.useCopyTrigger in patch || A.copyTrigger in patch || A.triggerValidUntil in patch)
      throw new Violation('keys', `somebody of ours wrote ${Object.keys(patch).join(', ')}`);
    const [was, is] = [readWindowState(before), readWindowState(after)];
    const window = is.window;
    if (window === undefined) throw new Violation('once', 'a patch removed the window');
    if (was.state !== 'idle' && was.window.id !== window.id)
      throw new Violation('once', `the window ${was.window.id} vanished without an answer`);
    this.#answer(patched, window);
    this.#moved(was, is, window);
    if (window.result === 'Completed') this.#judgeTruth(patched, window);
  }

  // What becomes of the window: opened, joined, left, accepted or closed, each at most once and in this order.
  #moved(was: WindowState, is: WindowState, window: CopyWindow): void {
    const known = this.#windows.get(window.id) ?? { accepted: false, runs: [] };
    this.#windows.set(window.id, known);
    if (is.state === 'asked' && known.accepted)
      throw new Violation('once', `the window ${window.id} asks again after its acceptance`);
    if (is.state === 'frozen') {
      if (was.state === 'frozen') neverLater(was, is);
      else this.#accept(known, window);
    }
    keepsItsWord(known, window);
    known.result = window.result;
    known.runs = window.runs;
  }

  #accept(known: KnownWindow, { id, trigger, by }: CopyWindow): void {
    if (known.accepted) throw new Violation('once', `the window ${id} was accepted twice`);
    known.accepted = true;
    known.trigger = trigger;
    if (trigger === undefined) {
      if (by === undefined) throw new Violation('early', `the window ${id} was accepted without a trigger`);
      return;
    }
    if (!this.#triggers.has(trigger)) throw new Violation('early', `${trigger} was accepted and never set`);
    if (this.#accepted.has(trigger) || this.#answered.has(trigger))
      throw new Violation('once', `${trigger} was accepted again, in the window ${id}`);
    this.#accepted.add(trigger);
  }

  #answer({ before, patch }: Patched, window: CopyWindow): void {
    const answer = patch[A.latestCopyTrigger] ?? undefined;
    const pinned = this.#pinnedIn(window);
    if (window.result !== undefined && pinned !== undefined && answer !== pinned)
      throw new Violation('once', `${pinned} was accepted, and ${answer} was answered`);
    if (answer === undefined) return;
    if (this.#answered.has(answer)) throw new Violation('once', `${answer} was answered twice`);
    if (!this.#triggers.has(answer)) throw new Violation('once', `${answer} was answered and never set`);
    if (answer !== (pinned ?? before.annotations[A.copyTrigger]))
      throw new Violation('once', `${answer} was answered and neither accepted nor standing there`);
    this.#answered.add(answer);
  }

  // The trigger that the window accepted and has not answered yet.
  #pinnedIn(window: CopyWindow): string | undefined {
    const known = this.#windows.get(window.id);
    return known?.result === undefined ? known?.trigger : undefined;
  }

  // Every copy promised was cut in the very stillness in which the trigger was set. What becomes of it later is not
  // the window's business: a copy that is lost fails the sync.
  #judgeTruth({ copies }: Patched, window: CopyWindow): void {
    const { id, runs, trigger, by } = window;
    const stills = this.#stillnessesOf(window);
    for (const run of runs) {
      const cuts = copies.flatMap((copy) =>
        copy.windowId === id && copy.run === run && copy.cutAt !== undefined ? [copy.cutAt] : [],
      );
      if (cuts.length === 0) throw new Violation('truth', `${run} has no copy in the completed window ${id}`);
      const within = (time: number) => stills?.some(({ from, to }) => time >= from && time <= to);
      if (stills !== undefined && !cuts.some(within))
        throw new Violation(
          'truth',
          `${run} copied an application that no longer stood still for ${trigger ?? by}`,
        );
    }
  }

  // Undefined where nobody has promised anything: a person has let the sync proceed.
  #stillnessesOf({ id, trigger, by }: CopyWindow): readonly Stillness[] | undefined {
    if (isQuiesceQueue(by)) return this.#held.get(id) ?? [];
    const still = trigger === undefined ? undefined : this.#triggers.get(trigger);
    return still && [still];
  }
}

type Frozen = Extract<WindowState, { state: 'frozen' }>;

function keepsItsWord(known: KnownWindow, { id, result, runs }: CopyWindow): void {
  if (known.result !== undefined && known.result !== result)
    throw new Violation('once', `the window ${id} was ${known.result} and was not left at that`);
  if (result === 'Completed' && known.runs.join() !== runs.join())
    throw new Violation('truth', `the window ${id} promised ${known.runs.join()} and forgot some`);
}

function neverLater(was: Frozen, is: Frozen): void {
  if ((is.releaseBy ?? 0) > (was.releaseBy ?? 0))
    throw new Violation('bounded', `release-by of the window ${is.window.id} moved later`);
}
