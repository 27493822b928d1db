// When the agent has to look up by itself, should nothing happen until then.
import { frozenTimes } from './decide-frozen.ts';
import { isWanted } from './pvc-answer.ts';
import type { AgentEvent, AgentOptions, AgentState } from './state.ts';
import { takeBackAt } from './take-back.ts';

/** By the stopwatch; infinite when only an event can change anything. What is due by now, `decide` has just looked at. */
export function wakeAt(state: AgentState, event: AgentEvent, options: AgentOptions): number {
  const times = [takeBackAt(state, options), state.stopBy, ...phaseTimes(state, event, options)];
  const later = times.filter((time): time is number => time !== undefined && time > event.at);
  return Math.min(Number.POSITIVE_INFINITY, ...later);
}

function phaseTimes(
  state: AgentState,
  event: AgentEvent,
  options: AgentOptions,
): readonly (number | undefined)[] {
  const { phase } = state;
  switch (phase.name) {
    case 'recovering':
    case 'quiescing':
      return [phase.until];
    case 'triggering':
      return [phase.freeze.deadlineAt, state.lookAt];
    case 'frozen':
      return [...frozenTimes({ state, event, options }, phase), state.lookAt];
    case 'thawing':
      return phase.running ? [] : [phase.retryAt];
    case 'idle':
      return options.pvcs.filter((name) => asks(state, name)).map((name) => state.pauses[name]?.until);
    case 'over':
      return [];
  }
}

function asks({ seen }: AgentState, name: string): boolean {
  const pvc = seen[name];
  return pvc ? isWanted(pvc) : false;
}
