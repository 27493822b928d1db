// The application stands still and its trigger has been set: when is it let go?
import { answerTo } from './pvc-answer.ts';
import type { Answer } from './pvc-answer.ts';
import { next, thaw } from './steps.ts';
import type { Moment } from './steps.ts';
import type { Because, Phase, Step } from './state.ts';
import { VALID_BEYOND_MS } from './timing.ts';

type Frozen = Phase & { readonly name: 'frozen' };

export function frozen(moment: Moment, phase: Frozen): Step {
  const asked = withStop(moment, phase);
  const because = whyToLetGo(moment, asked);
  if (because !== undefined) return thaw(moment, because, phase.freeze.pvc);
  if (moment.event.at < moment.state.lookAt) return next(moment, asked);
  return next(moment, asked, [{ do: 'look', name: phase.freeze.pvc }]);
}

/** When something has to happen although nothing is heard. */
export function frozenTimes(moment: Moment, { freeze, letGo }: Frozen): readonly (number | undefined)[] {
  const { at, now } = moment.event;
  const answer = answerOf(moment, freeze);
  const releaseBy = answer?.is === 'accepted' ? answer.releaseBy : undefined;
  const { apiPatienceMs } = moment.options;
  return [
    freeze.deadlineAt,
    letGo?.by,
    releaseBy && at + releaseBy - VALID_BEYOND_MS - now,
    apiPatienceMs && moment.state.contactAt + apiPatienceMs,
  ];
}

// An unaccepted trigger is taken back first (take-back.ts): an application that runs again before that could be
// copied as one that stands still.
function withStop({ state }: Moment, phase: Frozen): Frozen {
  if (state.stopBy === undefined || phase.letGo?.because === 'stopped') return phase;
  return { ...phase, letGo: { by: state.stopBy, because: 'stopped' } };
}

function whyToLetGo(moment: Moment, phase: Frozen): Because | undefined {
  if (moment.event.kind === 'freezeLost') return 'freezeLost';
  const answer = answerOf(moment, phase.freeze);
  if (answer === undefined) return 'takenAway';
  if (answer.is === 'answered') return nameOf(answer.status);
  if (answer.is === 'absent') return phase.letGo?.because ?? 'takenAway';
  return whyByTime(moment, phase, answer);
}

function whyByTime(moment: Moment, { freeze, letGo }: Frozen, answer: Answer): Because | undefined {
  if (isOver(moment, freeze.deadlineAt, answer)) return letGo?.because ?? 'deadline';
  if (letGo !== undefined && moment.event.at >= letGo.by) return letGo.because;
  return isApiServerLost(moment) ? 'apiServerLost' : undefined;
}

function isApiServerLost({ state, event, options }: Moment): boolean {
  return event.at - state.contactAt >= (options.apiPatienceMs ?? Number.POSITIVE_INFINITY);
}

// Undefined when the pvc is gone.
function answerOf({ state }: Moment, { pvc, trigger }: Frozen['freeze']): Answer | undefined {
  const seen = state.seen[pvc];
  return seen ? answerTo(trigger, seen) : undefined;
}

function isOver({ event }: Moment, deadlineAt: number, answer: Answer): boolean {
  if (event.at >= deadlineAt) return true;
  const releaseBy = answer.is === 'accepted' ? answer.releaseBy : undefined;
  return releaseBy !== undefined && event.now >= releaseBy - VALID_BEYOND_MS;
}

// The next sync may ask again before we have seen the answer to the last one.
function nameOf(status: string): Because {
  return status === 'Completed' || status === 'Failed' ? status : 'answered';
}
