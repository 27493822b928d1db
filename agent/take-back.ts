// A trigger of ours that stands there while nobody stands still for it is taken back: it would say "I stand still" to
// the next sync. A stopping agent takes back first what nobody has accepted, and lets the application go then.
import { withTakeBack } from './learn.ts';
import { answerTo, stands, unansweredTrigger } from './pvc-answer.ts';
import type { SeenPvc } from './pvc-answer.ts';
import type { AgentEvent, AgentOptions, AgentState, Effect, Step } from './state.ts';

export function takeBacks({ state, effects }: Step, { at }: AgentEvent, options: AgentOptions): Step {
  let after = state;
  const added: Effect[] = [];
  for (const name of options.pvcs) {
    const pvc = toTakeBackFrom(after, name, options.prefix);
    const earlier = after.takingBack[name];
    if (pvc === undefined || earlier?.running === true || at < (earlier?.retryAt ?? at)) continue;
    after = withTakeBack(after, name, { failures: 0, retryAt: at, ...earlier, running: true });
    added.push({ do: 'takeBack', pvc });
  }
  return { state: after, effects: [...effects, ...added] };
}

export function takeBackPending(state: AgentState, { pvcs, prefix }: AgentOptions): boolean {
  return pvcs.some((name) => toTakeBackFrom(state, name, prefix) !== undefined);
}

/** When the next one is due; undefined when none is. */
export function takeBackAt(state: AgentState, options: AgentOptions): number | undefined {
  const due = options.pvcs.flatMap((name) => {
    const { running = false, retryAt = 0 } = state.takingBack[name] ?? {};
    return !running && toTakeBackFrom(state, name, options.prefix) !== undefined ? [retryAt] : [];
  });
  return due.length === 0 ? undefined : Math.min(...due);
}

function toTakeBackFrom(state: AgentState, name: string, prefix: string): SeenPvc | undefined {
  const pvc = state.seen[name];
  const trigger = pvc ? unansweredTrigger(prefix, pvc) : undefined;
  if (!pvc || trigger === undefined || !stands(trigger, pvc)) return undefined;
  return isHeld(state, trigger, pvc) ? undefined : pvc;
}

// Somebody stands still for it, and means to go on doing so.
function isHeld({ phase }: AgentState, trigger: string, pvc: SeenPvc): boolean {
  if (phase.name === 'recovering') return true;
  if (phase.name === 'triggering') return phase.freeze.trigger === trigger;
  if (phase.name !== 'frozen' || phase.freeze.trigger !== trigger) return false;
  return phase.letGo === undefined || answerTo(trigger, pvc).is === 'accepted';
}
