// The agent's whole behaviour, as one pure function: what is known, an event, the time → what to do.
import { answerTo, isWanted, unansweredTrigger } from './pvc-answer.ts';
import type { SeenPvc } from './pvc-answer.ts';
import { learn } from './learn.ts';
import { frozen } from './decide-frozen.ts';
import { finishThaw, next, stay, thaw } from './steps.ts';
import type { Moment } from './steps.ts';
import type { AgentEvent, AgentOptions, AgentState, Because, Freeze, Phase, Step } from './state.ts';
import { takeBackPending, takeBacks } from './take-back.ts';
import { TRIGGER_NEEDS_MS, VALID_BEYOND_MS } from './timing.ts';

type Triggering = Phase & { readonly name: 'triggering' };

/** How long a start waits to see its pvcs before it unquiesces without knowing. */
const RECOVER_WITHIN_MS = 10_000;
/** How long an unaccepted trigger of an earlier life may delay the unquiesce, so that it is taken back first. */
const TAKE_BACK_FIRST_MS = 5_000;

export function firstState(at: number): AgentState {
  const phase = { name: 'recovering', until: at + RECOVER_WITHIN_MS } as const;
  return { phase, seen: {}, contactAt: at, lookAt: at, pauses: {}, takingBack: {} };
}

export function decide(state: AgentState, event: AgentEvent, options: AgentOptions): Step {
  const known = learn(state, event, options);
  const moved = move({ state: known, event, options });
  const ran = known.phase.name === 'idle' || moved.state.phase.name !== 'idle';
  return takeBacks(ran ? moved : goOn(moved, { state: known, event, options }), event, options);
}

// The application has just been let go: perhaps it is wanted again, or the agent is to stop.
function goOn({ state, effects }: Step, { event: { at, now }, options }: Moment): Step {
  const after = idle({ state, event: { kind: 'wake', at, now }, options });
  return { state: after.state, effects: [...effects, ...after.effects] };
}

function move(moment: Moment): Step {
  const { phase } = moment.state;
  switch (phase.name) {
    case 'recovering':
      return recover(moment, phase.until);
    case 'idle':
      return idle(moment);
    case 'quiescing':
      return quiesce(moment, phase);
    case 'triggering':
      return trigger(moment, phase);
    case 'frozen':
      return frozen(moment, phase);
    case 'thawing':
      return finishThaw(moment, phase);
    case 'over':
      return stay(moment);
  }
}

// An application that an earlier life left quiesced is let go. Where the quiesce still holds and its trigger is
// accepted, first the answer is waited for: a copy that is called Completed must not have been cut of a running
// application.
function recover(moment: Moment, until: number): Step {
  const { state, event, options } = moment;
  if (options.pvcs.some((name) => state.seen[name] === undefined) && event.at < until) return stay(moment);
  const left = leftBehind(moment);
  if (left === undefined || !options.outlivesAgent) return thaw(moment, 'restarted', left?.pvc);
  const pvc = state.seen[left.pvc];
  const accepted = pvc && answerTo(left.trigger, pvc).is === 'accepted';
  const deadlineAt = event.at + (accepted ? options.holdMs : TAKE_BACK_FIRST_MS);
  const phase: Phase = {
    name: 'frozen',
    freeze: { ...left, deadlineAt },
    letGo: { by: deadlineAt, because: 'restarted' },
  };
  return frozen({ ...moment, state: { ...state, phase } }, phase);
}

function leftBehind({ state, options }: Moment): { pvc: string; trigger: string } | undefined {
  for (const name of options.pvcs) {
    const pvc = state.seen[name];
    const trigger = pvc ? unansweredTrigger(options.prefix, pvc) : undefined;
    if (trigger !== undefined) return { pvc: name, trigger };
  }
  return undefined;
}

function idle(moment: Moment): Step {
  const { state, event, options } = moment;
  if (state.stopBy !== undefined) {
    const waits = takeBackPending(state, options) && event.at < state.stopBy;
    return waits ? stay(moment) : next(moment, { name: 'over' }, [{ do: 'end' }]);
  }
  const pvc = options.pvcs.find((name) => wantedOf(state, name) && event.at >= pausedUntil(state, name));
  if (pvc === undefined || takeBackPending(state, options)) return stay(moment);
  const freeze: Freeze = {
    pvc,
    trigger: `${options.prefix}${new Date(event.now).toISOString()}`,
    deadlineAt: event.at + options.holdMs,
  };
  const until = event.at + Math.min(options.quiesceWithinMs, options.holdMs - TRIGGER_NEEDS_MS);
  return next(moment, { name: 'quiescing', freeze, until }, [{ do: 'quiesce' }]);
}

function quiesce(moment: Moment, phase: Phase & { readonly name: 'quiescing' }): Step {
  const { state, event } = moment;
  const { freeze, until } = phase;
  if (event.kind === 'quiesceFailed') return thaw(moment, 'quiesceFailed', freeze.pvc);
  if (event.kind === 'quiesced') return quiesced(moment, phase);
  if (event.kind === 'freezeLost') return abandon(moment, 'freezeLost', freeze);
  if (state.stopBy !== undefined) return abandon(moment, 'stopped', freeze);
  if (wantedOf(state, freeze.pvc) === undefined) return abandon(moment, 'noLongerWanted', freeze);
  return event.at >= until ? abandon(moment, 'quiesceFailed', freeze) : stay(moment);
}

function quiesced(moment: Moment, { freeze }: Phase & { readonly name: 'quiescing' }): Step {
  const { state, event } = moment;
  const pvc = wantedOf(state, freeze.pvc);
  if (pvc === undefined) return thaw(moment, 'noLongerWanted', freeze.pvc);
  if (event.at > freeze.deadlineAt - TRIGGER_NEEDS_MS) return thaw(moment, 'deadline', freeze.pvc);
  if (state.stopBy !== undefined) return thaw(moment, 'stopped', freeze.pvc);
  return send(moment, { freeze, quiescedAt: event.now }, pvc);
}

function abandon(
  moment: Moment,
  because: 'freezeLost' | 'stopped' | 'noLongerWanted' | 'quiesceFailed',
  { pvc }: Freeze,
): Step {
  const { state, effects } = thaw(moment, because, pvc);
  return { state, effects: [{ do: 'abandon' }, ...effects] };
}

interface Quiesced {
  readonly freeze: Freeze;
  readonly quiescedAt: number;
}

function send(moment: Moment, { freeze, quiescedAt }: Quiesced, pvc: SeenPvc): Step {
  const { at, now } = moment.event;
  const validUntil = now + (freeze.deadlineAt - at) + VALID_BEYOND_MS;
  const effect = { do: 'setTrigger', pvc, trigger: freeze.trigger, validUntil, quiescedAt } as const;
  const against = pvc.resourceVersion;
  const phase: Phase = { name: 'triggering', freeze, sent: true, against, unsure: false, quiescedAt };
  return next(moment, phase, [effect]);
}

// Until it is known whether the trigger stands there.
function trigger(moment: Moment, phase: Triggering): Step {
  const { state, event } = moment;
  const { freeze } = phase;
  const because = whyToGiveUp(moment, freeze);
  if (because !== undefined) return thaw(moment, because, freeze.pvc);
  if (event.kind === 'triggerSet') return enterFrozen(moment, freeze);
  if (event.kind === 'triggerNotSet') return notSet(moment, phase, event.why);
  if (phase.sent) return stay(moment);
  if (event.kind === 'seen' && event.pvc.name === freeze.pvc) return askAgain(moment, phase, event.pvc);
  return event.at < state.lookAt ? stay(moment) : next(moment, phase, [{ do: 'look', name: freeze.pvc }]);
}

function whyToGiveUp({ state, event }: Moment, { deadlineAt, pvc }: Freeze): Because | undefined {
  if (event.kind === 'freezeLost') return 'freezeLost';
  if (event.at >= deadlineAt) return 'deadline';
  if (event.kind === 'gone' && event.name === pvc) return 'noLongerWanted';
  return event.at >= (state.stopBy ?? Number.POSITIVE_INFINITY) ? 'stopped' : undefined;
}

function notSet(moment: Moment, phase: Triggering, why: 'conflict' | 'unknown' | 'refused'): Step {
  const { pvc } = phase.freeze;
  if (why === 'refused') return thaw(moment, 'refused', pvc);
  return next(moment, { ...phase, sent: false, unsure: why === 'unknown' }, [{ do: 'look', name: pvc }]);
}

// Only a pvc that was read since, and still waits, gets the trigger once more.
function askAgain(moment: Moment, phase: Triggering, read: SeenPvc): Step {
  const { state, event } = moment;
  const { freeze } = phase;
  const pvc = state.seen[freeze.pvc] ?? read;
  if (answerTo(freeze.trigger, pvc).is !== 'absent') return enterFrozen(moment, freeze);
  const late = event.at > freeze.deadlineAt - TRIGGER_NEEDS_MS;
  if (pvc.resourceVersion === phase.against) return resolveDoubt(moment, phase, late ? undefined : pvc);
  // A later version without the trigger: a patch for the earlier one cannot be made any more.
  if (!isWanted(pvc) || state.stopBy !== undefined) return thaw(moment, 'noLongerWanted', freeze.pvc);
  return late ? thaw(moment, 'deadline', freeze.pvc) : send(moment, phase, pvc);
}

// The version that the patch was for tells nothing about it. Where it may have been made, the same patch once more says
// so, also to an agent that is to stop: it must not let go while a trigger of its own may stand there.
function resolveDoubt(moment: Moment, phase: Triggering, pvc: SeenPvc | undefined): Step {
  return phase.unsure && pvc !== undefined ? send(moment, phase, pvc) : stay(moment);
}

function enterFrozen(moment: Moment, freeze: Freeze): Step {
  const phase = { name: 'frozen', freeze } as const;
  return frozen({ ...moment, state: { ...moment.state, phase } }, phase);
}

function wantedOf({ seen }: AgentState, name: string): SeenPvc | undefined {
  const pvc = seen[name];
  return pvc && isWanted(pvc) ? pvc : undefined;
}

function pausedUntil({ pauses }: AgentState, name: string): number {
  return pauses[name]?.until ?? Number.NEGATIVE_INFINITY;
}
