// The moves that several phases share.
import type { AgentEvent, AgentOptions, AgentState, Because, Effect, Pause, Phase, Step } from './state.ts';
import { LONGEST_PAUSE_MS, LOOK_EVERY_MS, retryMs } from './timing.ts';

export interface Moment {
  readonly state: AgentState;
  readonly event: AgentEvent;
  readonly options: AgentOptions;
}

export function stay({ state }: Moment): Step {
  return { state, effects: [] };
}

export function next({ state, event }: Moment, phase: Phase, effects: readonly Effect[] = []): Step {
  const looks = effects.some((effect) => effect.do === 'look');
  return {
    state: { ...state, phase, lookAt: looks ? event.at + LOOK_EVERY_MS : state.lookAt },
    effects,
  };
}

/** Lets the application go, now. */
export function thaw(moment: Moment, because: Because, pvc?: string): Step {
  const phase: Phase = {
    name: 'thawing',
    because,
    ...(pvc !== undefined && { pvc }),
    running: true,
    failures: 0,
    retryAt: moment.event.at,
  };
  return next(moment, phase, [{ do: 'unquiesce' }]);
}

/** The unquiesce is tried until it has succeeded. */
export function finishThaw(moment: Moment, phase: Phase & { readonly name: 'thawing' }): Step {
  const { event } = moment;
  if (event.kind === 'unquiesced')
    return next({ ...moment, state: paused(moment, phase) }, { name: 'idle' }, []);
  if (event.kind === 'unquiesceFailed') {
    const failures = phase.failures + 1;
    return next(moment, { ...phase, running: false, failures, retryAt: event.at + retryMs(failures) });
  }
  if (phase.running || event.at < phase.retryAt) return stay(moment);
  return next(moment, { ...phase, running: true }, [{ do: 'unquiesce' }]);
}

const ENDED_WELL: readonly Because[] = ['Completed', 'Failed', 'answered', 'restarted', 'noLongerWanted'];

// Whoever was quiesced for nothing is not quiesced again at once, although the copy is still wanted.
function paused(
  { state, event, options }: Moment,
  { pvc, because }: Phase & { readonly name: 'thawing' },
): AgentState {
  if (pvc === undefined) return state;
  const { [pvc]: earlier, ...pauses } = state.pauses;
  if (ENDED_WELL.includes(because)) return { ...state, pauses };
  const inARow = (earlier?.inARow ?? 0) + 1;
  const milliseconds = Math.min(LONGEST_PAUSE_MS, options.retryMs * 2 ** (inARow - 1));
  const pause: Pause = { until: event.at + milliseconds, inARow };
  return { ...state, pauses: { ...pauses, [pvc]: pause } };
}
