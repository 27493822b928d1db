// The worker of the application's owner, on the task queue that the pvc names: stands still for a window from the call of
// `quiesce` until `unquiesce`, or until the time it was told, by a clock of its own.
import type { Judge } from './judge.ts';
import { BOUND_MS } from './world.ts';
import type { WindowWorld } from './world.ts';

export const QUEUE = 'quiesce/shop/orders';

export class OwnersWorker {
  readonly #world: WindowWorld;
  readonly #skew: number;
  readonly #held = new Map<string, number>();

  constructor(world: WindowWorld, skew: number) {
    this.#world = world;
    this.#skew = skew;
  }

  /** Returns until when it stands still at most, by the API server's clock. */
  quiesce(windowId: string): number {
    const until = this.#world.now + BOUND_MS;
    if (!this.#held.has(windowId)) this.#judge.held(windowId, this.#world.now);
    this.#held.set(windowId, Math.max(until, this.#held.get(windowId) ?? 0));
    return until;
  }

  unquiesce(windowId: string): void {
    if (this.#held.delete(windowId)) this.#judge.letGo(windowId, this.#world.now);
  }

  /** Its own timers: nobody else has to be alive for them. */
  look(): void {
    for (const [windowId, until] of this.#held)
      if (this.#world.now + this.#skew >= until) this.unquiesce(windowId);
  }

  get standsStill(): boolean {
    return this.#held.size > 0;
  }

  get #judge(): Judge {
    return this.#world.judge;
  }
}
