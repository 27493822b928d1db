// An agent without a world: what it decides, event by event.
import { decide, firstState } from '../../agent/decide.ts';
import type { SeenPvc } from '../../agent/pvc-answer.ts';
import type { AgentOptions, AgentState, Effect, Happening } from '../../agent/state.ts';
import { wakeAt } from '../../agent/wake.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import { wholeSeconds } from '../../domain/time.ts';

/** Stopwatch 0 is this time of the API server. */
export const NOW = Date.parse('2026-01-02T03:04:05Z');

export const OPTIONS: AgentOptions = {
  pvcs: ['data'],
  prefix: 'agent/',
  outlivesAgent: true,
  holdMs: 60_000,
  quiesceWithinMs: 30_000,
  stopGraceMs: 20_000,
  retryMs: 10_000,
};

export const WAITING = { [A.useCopyTrigger]: '', [A.latestCopyStatus]: 'WaitingForTrigger' };

let version = 0;

export function aPvc(annotations: Annotations, name = 'data'): SeenPvc {
  version += 1;
  return { name, uid: `uid-${name}`, resourceVersion: String(version), deleting: false, annotations };
}

/** In progress for this trigger, until so many milliseconds of the stopwatch. */
export function inProgress(trigger: string, releaseByMs: number): Annotations {
  return {
    [A.useCopyTrigger]: '',
    [A.copyTrigger]: trigger,
    [A.latestCopyStatus]: 'InProgress',
    [A.copyWindow]: JSON.stringify({ id: 'w', pvc: 'uid-data', runs: ['r'], trigger }),
    [A.releaseBy]: wholeSeconds(NOW + releaseByMs),
  };
}

export function answered(trigger: string, status: 'Completed' | 'Failed'): Annotations {
  return {
    [A.useCopyTrigger]: '',
    [A.copyTrigger]: trigger,
    [A.latestCopyStatus]: status,
    [A.latestCopyTrigger]: trigger,
  };
}

export class PlayedAgent {
  readonly options: AgentOptions;
  at = 0;
  state: AgentState;
  wakes = Number.POSITIVE_INFINITY;
  readonly effects: Effect[] = [];

  constructor(over: Partial<AgentOptions> = {}) {
    this.options = { ...OPTIONS, ...over };
    this.state = firstState(0);
  }

  /** What is done about it. */
  hears(happening: Happening, atMs = this.at): readonly Effect['do'][] {
    this.at = atMs;
    const event = { ...happening, at: atMs, now: NOW + atMs };
    const { state, effects } = decide(this.state, event, this.options);
    this.state = state;
    this.wakes = wakeAt(state, event, this.options);
    this.effects.push(...effects);
    return effects.map((effect) => effect.do);
  }

  sees(annotations: Annotations, atMs = this.at): readonly Effect['do'][] {
    return this.hears({ kind: 'seen', pvc: aPvc(annotations) }, atMs);
  }

  /** Lets time pass; returns what is done when it wakes by itself on the way. */
  waitsUntil(atMs: number): readonly Effect['do'][] {
    const done: Effect['do'][] = [];
    while (this.wakes <= atMs) done.push(...this.hears({ kind: 'wake' }, this.wakes));
    this.at = atMs;
    return done;
  }

  /** The trigger that it set last. */
  get trigger(): string {
    return this.#lastSet()?.trigger ?? '';
  }

  get validUntil(): number {
    return (this.#lastSet()?.validUntil ?? 0) - NOW;
  }

  #lastSet() {
    return this.effects.filter((effect) => effect.do === 'setTrigger').at(-1);
  }
}

/** One whose start is over: nothing was left behind. */
export function aRestingAgent(over: Partial<AgentOptions> = {}): PlayedAgent {
  const agent = new PlayedAgent(over);
  agent.sees({ [A.useCopyTrigger]: '' });
  agent.hears({ kind: 'unquiesced' });
  return agent;
}

/** One that stands still, its trigger set. */
export function aFrozenAgent(over: Partial<AgentOptions> = {}): PlayedAgent {
  const agent = aRestingAgent(over);
  agent.sees(WAITING);
  agent.hears({ kind: 'quiesced' }, 100);
  agent.hears({ kind: 'triggerSet', pvc: aPvc(standing(agent.trigger)) }, 200);
  return agent;
}

/** Set and not yet accepted. */
export function standing(trigger: string): Annotations {
  return { ...WAITING, [A.copyTrigger]: trigger };
}
