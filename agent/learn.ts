// What an event tells, before anything is decided.
import type { SeenPvc } from './pvc-answer.ts';
import type { AgentEvent, AgentOptions, AgentState, TakeBack } from './state.ts';
import { retryMs } from './timing.ts';

export function learn(state: AgentState, event: AgentEvent, { stopGraceMs }: AgentOptions): AgentState {
  const { kind, at } = event;
  if (kind === 'seen' || kind === 'triggerSet') return withPvc(state, event.pvc, at);
  if (kind === 'takenBack') return withTakeBack(withPvc(state, event.pvc, at), event.pvc.name, undefined);
  if (kind === 'gone') return { ...state, contactAt: at, seen: { ...state.seen, [event.name]: null } };
  if (kind === 'notTakenBack') return notTakenBack(state, event.name, at);
  if (kind === 'stop') return { ...state, stopBy: state.stopBy ?? at + stopGraceMs };
  return state;
}

function withPvc(state: AgentState, pvc: SeenPvc, at: number): AgentState {
  const known = state.seen[pvc.name];
  // The watch, reads and our own writes overtake one another.
  const older = known?.uid === pvc.uid && isOlder(pvc.resourceVersion, known.resourceVersion);
  return { ...state, contactAt: at, seen: older ? state.seen : { ...state.seen, [pvc.name]: pvc } };
}

function isOlder(one: string, other: string): boolean {
  return one.length === other.length ? one < other : one.length < other.length;
}

function notTakenBack(state: AgentState, name: string, at: number): AgentState {
  const failures = (state.takingBack[name]?.failures ?? 0) + 1;
  return withTakeBack(state, name, { running: false, failures, retryAt: at + retryMs(failures) });
}

export function withTakeBack(state: AgentState, name: string, takeBack: TakeBack | undefined): AgentState {
  const { [name]: _, ...others } = state.takingBack;
  return { ...state, takingBack: takeBack === undefined ? others : { ...others, [name]: takeBack } };
}
