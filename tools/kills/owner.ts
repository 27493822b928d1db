// The owner of an application, who never dies here: quiesces it when a sync asks, sets the trigger, and lets it go when
// that is answered, or by its own stopwatch. It records by that stopwatch how long the application stood still.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { ANNOTATIONS as A, readCopyWindow } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';

/** One standstill of the application. */
export interface Freeze {
  readonly trigger: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  /** By the stopwatch. */
  readonly lastedMs: number;
  readonly endedBy: 'Completed' | 'Failed' | 'deadline';
}

export interface OwnerOptions {
  readonly cluster: Cluster;
  readonly pvc: ObjectRef;
  /** How long the owner takes to answer each question. */
  readonly draw: () => number;
}

/** The promise behind each trigger: no longer does the application stand still. */
export const PROMISE_MS = 25_000;
const THINKS_MOST_MS = 2_500;
const AGAIN_AFTER_MS = 250;

interface Standstill {
  readonly trigger: string;
  readonly since: number;
  readonly startedAt: number;
  readonly deadline: NodeJS.Timeout;
}

export class Owner {
  readonly freezes: Freeze[] = [];
  readonly #options: OwnerOptions;
  readonly #stopWatching: () => void;
  #standstill: Standstill | undefined;
  /** The window whose question is being answered, or was. */
  #answered: string | undefined;
  #triggers = 0;
  #closed = false;

  constructor(options: OwnerOptions) {
    this.#options = options;
    const { cluster, pvc } = options;
    this.#stopWatching = cluster.pvcs.watch().subscribe(({ namespace, name }) => {
      if (namespace === pvc.namespace && name === pvc.name) this.#look();
    });
  }

  close(): void {
    this.#closed = true;
    this.#stopWatching();
    if (this.#standstill !== undefined) this.#letGo(this.#standstill, 'deadline');
  }

  #look(): void {
    const annotations = this.#annotations();
    const status = annotations[A.latestCopyStatus];
    if (this.#standstill !== undefined) {
      const answered = annotations[A.latestCopyTrigger] === this.#standstill.trigger;
      if (answered && (status === 'Completed' || status === 'Failed')) this.#letGo(this.#standstill, status);
      return;
    }
    const window = readCopyWindow(annotations)?.id;
    if (status !== 'WaitingForTrigger' || window === undefined || window === this.#answered) return;
    this.#answered = window;
    void this.#answer(window);
  }

  async #answer(window: string): Promise<void> {
    await sleep(this.#options.draw() * THINKS_MOST_MS);
    if (this.#closed || this.#standstill !== undefined) return;
    if (!this.#isAsked(window)) {
      this.#answered = undefined;
      this.#look();
      return;
    }
    this.#triggers += 1;
    const standstill = this.#quiesce(`trigger-${this.#triggers}-${window}`);
    while (this.#standstill === standstill)
      try {
        await this.#setTrigger(standstill);
        return;
      } catch {
        await sleep(AGAIN_AFTER_MS);
      }
  }

  #isAsked(window: string): boolean {
    const annotations = this.#annotations();
    const asked = annotations[A.latestCopyStatus] === 'WaitingForTrigger';
    return asked && readCopyWindow(annotations)?.id === window;
  }

  #quiesce(trigger: string): Standstill {
    const deadline = setTimeout(() => this.#letGo(standstill, 'deadline'), PROMISE_MS);
    const standstill = { trigger, since: Date.now(), startedAt: performance.now(), deadline };
    this.#standstill = standstill;
    return standstill;
  }

  async #setTrigger({ trigger, since }: Standstill): Promise<void> {
    const annotations = {
      [A.copyTrigger]: trigger,
      [A.quiescedAt]: new Date(since).toISOString(),
      [A.triggerValidUntil]: new Date(since + PROMISE_MS).toISOString(),
    };
    await this.#options.cluster.pvcs.patch(this.#options.pvc, { metadata: { annotations } });
  }

  #letGo(standstill: Standstill, endedBy: Freeze['endedBy']): void {
    if (this.#standstill !== standstill) return;
    const { trigger, since, startedAt, deadline } = standstill;
    clearTimeout(deadline);
    this.#standstill = undefined;
    // Whose trigger never arrived is asked still.
    if (endedBy === 'deadline') this.#answered = undefined;
    const lastedMs = performance.now() - startedAt;
    this.freezes.push({ trigger, since, until: since + lastedMs, lastedMs, endedBy });
    if (!this.#closed) this.#look();
  }

  #annotations(): Annotations {
    const { cluster, pvc } = this.#options;
    return cluster.pvcs.watch().get(pvc)?.metadata.annotations ?? {};
  }
}
