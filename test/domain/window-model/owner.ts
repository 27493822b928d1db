// The application's owner, who keeps the protocol's promises: stands still from before the trigger until the answer,
// its own valid-until or release-by, whichever comes first, by a clock of its own.
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import { wholeSeconds } from '../../../domain/time.ts';
import type { WindowWorld } from './world.ts';

export class Owner {
  readonly #world: WindowWorld;
  readonly #skew: number;
  #triggers = 0;
  /** The newest trigger of this stillness. */
  #trigger: string | undefined;
  #validUntil: number | undefined;

  constructor(world: WindowWorld, skew: number) {
    this.#world = world;
    this.#skew = skew;
  }

  get standsStill(): boolean {
    return this.#trigger !== undefined;
  }

  get optedIn(): boolean {
    return this.#world.pvc.annotations[A.useCopyTrigger] !== undefined;
  }

  /** Quiesces and says so, with or without a promise of its own. */
  quiesce(validForMs: number | undefined): void {
    this.#world.judge.stoodStill(this.#world.now);
    this.#validUntil = undefined;
    this.#setTrigger(validForMs === undefined ? undefined : this.#clock() + validForMs);
  }

  /** Another trigger while it stands still, and no less patience than before. */
  setAnotherTrigger(validForMs: number): void {
    const until = this.#clock() + validForMs;
    this.#setTrigger(this.#validUntil === undefined ? undefined : Math.max(this.#validUntil, until));
  }

  /** What means nothing: no trigger, or the one that was answered. */
  repeat(trigger: '' | 'answered'): void {
    const answered = this.#world.pvc.annotations[A.latestCopyTrigger] ?? '';
    this.#world.annotate({ [A.copyTrigger]: trigger === '' ? '' : answered });
  }

  optIn(): void {
    this.#world.annotate({ [A.useCopyTrigger]: '' });
  }

  optOut(): void {
    this.#world.annotate({ [A.useCopyTrigger]: null });
  }

  /** Reads the pvc in one request, and its own clock, and goes on if it may. */
  look(): void {
    if (!this.standsStill) return;
    const { annotations } = this.#world.pvc;
    const answered = annotations[A.latestCopyTrigger] === this.#trigger;
    if (!answered && !this.#passed(this.#validUntil) && !this.#passed(timeOf(annotations[A.releaseBy])))
      return;
    // Whoever goes on unanswered takes the trigger back: it may not be the one that release-by was about.
    if (!answered && this.#world.parts.triggerTakenBack) this.#world.annotate({ [A.copyTrigger]: '' });
    this.#trigger = undefined;
    this.#world.judge.resumed(this.#world.now);
  }

  #passed(deadline: number | undefined): boolean {
    return deadline !== undefined && this.#clock() >= deadline;
  }

  #setTrigger(until: number | undefined): void {
    this.#triggers += 1;
    const trigger = `t${this.#triggers}`;
    const validUntil = until === undefined ? null : wholeSeconds(until);
    this.#trigger = trigger;
    this.#validUntil = validUntil === null ? undefined : Date.parse(validUntil);
    this.#world.judge.triggerSet(trigger);
    this.#world.annotate({ [A.copyTrigger]: trigger, [A.triggerValidUntil]: validUntil });
  }

  #clock(): number {
    return this.#world.now + this.#skew;
  }
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
