// The guard as it will be: looks at the pvc, with a clock and a stopwatch of its own, and knows nothing else.
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import { failures } from '../../../domain/failures.ts';
import { applyEvent } from './syncs.ts';
import { BOUND_MS } from './world.ts';
import type { Version, WindowWorld } from './world.ts';

const WATCHED = [A.copyTrigger, A.latestCopyStatus, A.latestCopyTrigger, A.copyWindow, A.releaseBy] as const;

export class Guard {
  readonly #world: WindowWorld;
  readonly #skew: number;
  #seen: { readonly what: string; readonly since: number } = { what: '', since: 0 };
  #attempt: Generator<void, unknown, void> | undefined;

  constructor(world: WindowWorld, skew: number) {
    this.#world = world;
    this.#skew = skew;
  }

  step(): void {
    this.#attempt ??= applyEvent({ world: this.#world, skew: this.#skew }, () => this.#event());
    if (this.#attempt.next().done === true) this.#attempt = undefined;
  }

  #event() {
    const stoodForMs = this.#stoodFor(this.#world.pvc);
    const failure = failures.freezeBoundExceeded('orders');
    return { kind: 'guard', stoodForMs, boundMs: BOUND_MS, failure } as const;
  }

  #stoodFor({ annotations }: Version): number {
    const what = JSON.stringify(WATCHED.map((key) => annotations[key]));
    if (what !== this.#seen.what) this.#seen = { what, since: this.#world.now };
    return this.#world.now - this.#seen.since;
  }
}
