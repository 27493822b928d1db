// Invariants 3, 5 and 11: what may be written to the pvc.
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import { sourceOfRun } from '../../../domain/ended-sync.ts';
import { closedBy, lastMoment, livesOf, standingAt, unseenBetween } from '../scenario-record.ts';
import type { OutsideRecord } from '../scenario-record.ts';
import { violation } from './violation.ts';
import type { Violation } from './violation.ts';
import { entriesInto, firstStep, ownedByUs, windowStepsOf } from './window-steps.ts';
import type { WindowStep } from './window-steps.ts';

/** 3: each window goes its way once, and each trigger is answered in one window. */
export function oneTriggerOneWindow(record: OutsideRecord): readonly Violation[] {
  return windowStepsOf(record).flatMap((steps) => [
    ...steps.flatMap((step) => goesForward(steps, step)),
    ...steps.flatMap(vanished),
    ...entriesInto(steps, 'frozen').flatMap((step) => acceptance(record, steps, step)),
    ...entriesInto(steps, 'closed').flatMap((step) => answer(steps, step)),
    ...steps.flatMap((step) => stoodThere(record, steps, step)),
  ]);
}

const RANKS = { none: -1, asked: 0, frozen: 1, closed: 2 } as const;

function goesForward(steps: readonly WindowStep[], step: WindowStep): readonly Violation[] {
  const { window, state, version } = step;
  if (window === undefined || state === 'none') return [];
  const earlier = steps.slice(0, steps.indexOf(step));
  const further = earlier.find((past) => past.window?.id === window.id && RANKS[past.state] > RANKS[state]);
  if (further !== undefined)
    return [say(3, step, `shows the window ${window.id} ${state} again, which was ${further.state} before`)];
  const answered = earlier.find((past) => past.window?.id === window.id && past.state === 'closed');
  if (answered !== undefined && answered.window?.result !== window.result)
    return [
      say(
        3,
        step,
        `says ${window.result} of the window ${window.id}, which was ${answered.window?.result} before`,
      ),
    ];
  const left = earlier.findIndex((past) => past.window?.id === window.id);
  const between = left < 0 ? [] : earlier.slice(left).filter((past) => past.window?.id !== window.id);
  return between.length > 0
    ? [violation(3, version, `shows the window ${window.id} again, after another one`)]
    : [];
}

function vanished(step: WindowStep): readonly Violation[] {
  const { before, unseen, window } = step;
  const open = before?.state === 'asked' || before?.state === 'frozen';
  if (unseen || !open || before.window?.id === window?.id) return [];
  return [say(3, step, `no longer shows the window ${before.window?.id}, which was left without an answer`)];
}

function acceptance(
  record: OutsideRecord,
  steps: readonly WindowStep[],
  step: WindowStep,
): readonly Violation[] {
  const { window, annotations, unseen, version } = step;
  const trigger = window?.trigger;
  if (trigger === undefined)
    return window?.by === undefined
      ? [say(3, step, 'is InProgress without a trigger and without a person')]
      : [];
  if (!unseen && annotations[A.copyTrigger] !== trigger)
    return [
      say(3, step, `accepts the trigger ${trigger}, while copy-trigger is ${annotations[A.copyTrigger]}`),
    ];
  const earlier = entriesInto(steps, 'frozen').findLast(
    (past) => past.version.at < version.at && past.window?.trigger === trigger,
  );
  if (earlier === undefined) return [];
  const span = [earlier.version.at, version.at] as const;
  const setAnew = steps.some(
    ({ version: { at }, annotations: then }) =>
      at > span[0] && at < span[1] && then[A.copyTrigger] !== trigger,
  );
  if (setAnew || unseenBetween(record, 'pvcs', span)) return [];
  return [say(3, step, `accepts the trigger ${trigger} again, first accepted in version ${span[0]}`)];
}

function answer(steps: readonly WindowStep[], step: WindowStep): readonly Violation[] {
  const { window, annotations } = step;
  const frozen = firstStep(steps, window?.id ?? '', 'frozen');
  const trigger = frozen?.window?.trigger;
  if (trigger === undefined || annotations[A.latestCopyTrigger] === trigger) return [];
  const said = annotations[A.latestCopyTrigger];
  return [say(3, step, `answers ${said} in the window ${window?.id}, which had accepted ${trigger}`)];
}

function stoodThere(
  record: OutsideRecord,
  steps: readonly WindowStep[],
  step: WindowStep,
): readonly Violation[] {
  const { before, annotations, version } = step;
  const latest = annotations[A.latestCopyTrigger];
  if (before === undefined || latest === undefined || latest === before.annotations[A.latestCopyTrigger])
    return [];
  const stood = steps.some(
    ({ version: { at }, annotations: then }) => at <= version.at && then[A.copyTrigger] === latest,
  );
  if (stood || unseenBetween(record, 'pvcs', [0, version.at])) return [];
  return [say(3, step, `has latest-copy-trigger ${latest}, which never stood in copy-trigger`)];
}

/** 5: the user's keys are the user's. */
export function usersKeys(record: OutsideRecord): readonly Violation[] {
  return windowStepsOf(record)
    .flat()
    .flatMap((step) =>
      [A.useCopyTrigger, A.copyTrigger].flatMap((key) => {
        if (ownedByUs(step, key)) return [say(5, step, `has ${key} written by one of ours`)];
        return changedWithOurs(step, key) ? [say(5, step, `had ${key} changed by a write of ours`)] : [];
      }),
    );
}

const KEYS_OF_OURS = [A.latestCopyStatus, A.latestCopyTrigger, A.copyWindow, A.waitingSince, A.releaseBy];

// One version is one write: whoever removes a key leaves no other trace of that.
function changedWithOurs(step: WindowStep, key: string): boolean {
  const { before, unseen } = step;
  const changed = (name: string) => before?.annotations[name] !== step.annotations[name];
  if (before === undefined || unseen || !changed(key)) return false;
  return KEYS_OF_OURS.some((ours) => changed(ours) && ownedByUs(step, ours) !== undefined);
}

/** 11: every freeze is bounded, and one that was answered is reported. */
export function measuredAndBounded(record: OutsideRecord): readonly Violation[] {
  return windowStepsOf(record).flatMap((steps) => [
    ...steps.filter(({ state }) => state === 'frozen').flatMap((step) => bounded(step)),
    ...entriesInto(steps, 'closed').flatMap((step) => reported(record, step)),
  ]);
}

function bounded(step: WindowStep): readonly Violation[] {
  const { annotations, before, window } = step;
  const bound = annotations[A.releaseBy];
  if (bound === undefined) return [say(11, step, 'is InProgress without release-by')];
  const past = before?.window?.id === window?.id ? before?.annotations[A.releaseBy] : undefined;
  const later = past !== undefined && Date.parse(bound) > Date.parse(past);
  return later ? [say(11, step, `moves release-by later, from ${past} to ${bound}`)] : [];
}

function reported(record: OutsideRecord, step: WindowStep): readonly Violation[] {
  const { result, trigger, runs = [] } = step.window ?? {};
  if (result !== 'Completed' || trigger === undefined) return [];
  const { at, time } = lastMoment(record);
  return runs.flatMap((run) => {
    const source = livesOf(record, 'sources').find(
      (life) => life[0].object.metadata.name === sourceOfRun(run)?.name && standingAt(life, at) !== undefined,
    );
    if (closedBy(record, run, time)?.closed?.status !== 'COMPLETED' || source === undefined) return [];
    const told = source.some(
      ({ object: { status } }) =>
        status?.lastCopy?.trigger === trigger && status.lastCopy.freeze !== undefined,
    );
    if (told || unseenBetween(record, 'sources', [step.version.at, at])) return [];
    return [
      violation(
        11,
        source[0],
        `never reported the freeze of the trigger ${trigger}, which ${run} has ended with`,
      ),
    ];
  });
}

function say(invariant: number, { version }: WindowStep, what: string): Violation {
  return violation(invariant, version, what);
}
