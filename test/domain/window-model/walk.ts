// One walk: a list of choices, each of which lets some time pass and one of the actors do one step. What is possible
// then is chosen from; so any list is a walk, and a failing one can be shortened.
import fc from 'fast-check';
import { MARGIN_MS, readWindowState } from '../../../domain/copy-window.ts';
import { Guard } from './guard.ts';
import { Owner } from './owner.ts';
import { OwnersWorker } from './owners-worker.ts';
import { settle } from './settle.ts';
import { Sync } from './syncs.ts';
import { LARGEST_SKEW_MS, START, WindowWorld } from './world.ts';
import type { Parts } from './world.ts';

export interface Walk {
  /** How wrong the clocks of the two workers, of the guard and of the owner are, milliseconds. */
  readonly skews: readonly [number, number, number, number];
  readonly choices: readonly { readonly choice: number; readonly pauseMs: number }[];
  /** Some things happen more often in this walk than in others, and some not at all. */
  readonly often: Often;
  /** After the walk, all of ours but the guard is dead; otherwise everything comes back. */
  readonly deadly: boolean;
}

const WEIGHTS = {
  start: 6,
  step: 16,
  stalled: 4,
  retry: 2,
  cancel: 1,
  terminate: 1,
  nudge: 10,
  proceed: 1,
  worker: 2,
  letGo: 3,
  giveUp: 1,
  opt: 1,
  quiesce: 6,
  look: 10,
  another: 1,
  repeat: 1,
  cut: 5,
  guard: 4,
  deadline: 1,
} as const;

type Kind = keyof typeof WEIGHTS;

type Often = Readonly<Record<Kind, number>>;

const ALWAYS = Object.fromEntries(Object.keys(WEIGHTS).map((kind) => [kind, 1])) as Often;
const CALM = { ...ALWAYS, cancel: 0, terminate: 0, opt: 0, proceed: 0, another: 0, repeat: 0 };

/** Walks that go on long enough to come to what a wholly random one seldom sees. */
const PROFILES: readonly Often[] = [
  ALWAYS,
  { ...CALM, retry: 0, guard: 0, deadline: 8, look: 2, cut: 4 }, // Clocks decide.
  { ...CALM, retry: 3, terminate: 3, guard: 3, deadline: 2, cut: 3 }, // Syncs die, and their stalled attempts do not.
  { ...CALM, worker: 8, letGo: 6, deadline: 6, quiesce: 0, nudge: 1, guard: 1 }, // An owner’s worker quiesces.
];

const MOST_STALLED = 2;

const skew = fc.oneof(
  fc.constantFrom(-LARGEST_SKEW_MS, LARGEST_SKEW_MS),
  fc.integer({ min: -LARGEST_SKEW_MS, max: LARGEST_SKEW_MS }),
);

export const walks: fc.Arbitrary<Walk> = fc.record({
  skews: fc.tuple(skew, skew, skew, skew),
  choices: fc.array(
    fc.record({
      choice: fc.noBias(fc.nat({ max: 0xffff })),
      pauseMs: fc.oneof(
        { weight: 5, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: 1, max: 900 }) },
        { weight: 1, arbitrary: fc.integer({ min: 900, max: 9_000 }) },
      ),
    }),
    { minLength: 40, maxLength: 120, size: 'max' },
  ),
  often: fc.oneof(
    fc.constantFrom(...PROFILES),
    fc.record(
      Object.fromEntries(Object.keys(WEIGHTS).map((kind) => [kind, fc.constantFrom(0, 1, 1, 4)])) as Record<
        Kind,
        fc.Arbitrary<number>
      >,
    ),
  ),
  deadly: fc.boolean(),
});

/** Everybody in the world. */
export interface Cast {
  readonly world: WindowWorld;
  readonly syncs: readonly Sync[];
  readonly guard: Guard;
  readonly owner: Owner;
  readonly worker: OwnersWorker;
}

interface Action {
  readonly name: string;
  readonly kind: Kind;
  readonly act: () => void;
}

/** Throws a Violation when something happens that must never; the message ends with the steps that led there. */
export function take(walk: Walk, parts: Parts): void {
  const world = new WindowWorld(parts);
  const [first, second, guardSkew, ownerSkew] = walk.skews;
  const worker = new OwnersWorker(world, ownerSkew);
  const syncs = [
    new Sync({ world, run: 'run-1', skew: first }, worker),
    new Sync({ world, run: 'run-2', skew: second }, worker),
  ];
  const owner = new Owner(world, ownerSkew);
  const cast = { world, syncs, guard: new Guard(world, guardSkew), owner, worker };
  const taken: string[] = [];
  try {
    for (const { choice, pauseMs } of walk.choices) {
      world.now += pauseMs;
      const action = choose(possible(cast), walk.often, choice);
      taken.push(`${world.now - START} ms: ${action?.name ?? 'nothing'}`);
      action?.act();
    }
    settle(cast, walk.deadly);
  } catch (error) {
    if (error instanceof Error) error.message += `\n${taken.join('\n')}`;
    throw error;
  }
}

function choose(actions: readonly Action[], often: Walk['often'], choice: number): Action | undefined {
  const weightOf = ({ kind }: Action) => WEIGHTS[kind] * often[kind];
  let left =
    choice %
    Math.max(
      1,
      actions.reduce((sum, action) => sum + weightOf(action), 0),
    );
  return actions.find((action) => (left -= weightOf(action)) < 0);
}

function possible(cast: Cast): readonly Action[] {
  return [
    ...cast.syncs.flatMap(syncActions),
    ...ownerActions(cast),
    ...storageActions(cast),
    ...timeActions(cast),
    { name: 'the guard steps', kind: 'guard', act: () => cast.guard.step() },
    ...(cast.worker.standsStill
      ? [{ name: 'the worker looks at its clock', kind: 'letGo', act: () => cast.worker.look() } as const]
      : []),
  ];
}

function syncActions(sync: Sync): readonly Action[] {
  const { run, phase } = sync;
  const stalled = Array.from({ length: sync.stalledAttempts }, (_, which): Action => ({
    name: `${run} steps in its stalled attempt ${which}`,
    kind: 'stalled',
    act: () => sync.stepStalled(which),
  }));
  if (phase === 'over')
    return [...stalled, { name: `${run} starts`, kind: 'start', act: () => sync.start() }];
  const people: readonly Action[] = [
    { name: `${run} is cancelled`, kind: 'cancel', act: () => sync.cancel() },
    { name: `${run} is terminated`, kind: 'terminate', act: () => sync.terminate() },
  ];
  if (phase === 'waiting')
    return [
      ...stalled,
      ...people,
      { name: `${run} is nudged`, kind: 'nudge', act: () => sync.nudge() },
      { name: `${run} is let proceed`, kind: 'proceed', act: () => sync.proceed('ada') },
      { name: `${run} has its application quiesced`, kind: 'worker', act: () => sync.quiesced() },
      { name: `${run} waits no longer`, kind: 'giveUp', act: () => sync.giveUp() },
    ];
  const step: Action = { name: `${run} steps`, kind: 'step', act: () => sync.step() };
  const retry: Action = { name: `${run} is tried again`, kind: 'retry', act: () => sync.retry() };
  return [...stalled, ...people, step, ...(sync.stalledAttempts < MOST_STALLED ? [retry] : [])];
}

function ownerActions({ owner, world }: Cast): readonly Action[] {
  const action = (kind: Kind, name: string, act: () => void): Action => ({
    name: `the owner ${name}`,
    kind,
    act,
  });
  const opting = owner.optedIn
    ? action('opt', 'opts out', () => owner.optOut())
    : action('opt', 'opts in', () => owner.optIn());
  if (owner.standsStill)
    return [
      opting,
      action('look', 'looks', () => owner.look()),
      action('another', 'sets another trigger', () => owner.setAnotherTrigger(6_000)),
    ];
  const frozen = readWindowState(world.pvc).state === 'frozen';
  const repeat = action('repeat', 'sets the same trigger again', () => owner.repeat('answered'));
  return [
    opting,
    action('quiesce', 'stands still without a deadline', () => owner.quiesce(undefined)),
    action('quiesce', 'stands still for a while', () => owner.quiesce(8_000)),
    action('repeat', 'sets an empty trigger', () => owner.repeat('')),
    ...(frozen ? [] : [repeat]),
  ];
}

function storageActions({ world }: Cast): readonly Action[] {
  return world.pendingCopies().map((copy) => ({
    name: `the storage cuts the copy of ${copy.run} in ${copy.windowId ?? 'no window'}`,
    kind: 'cut',
    act: () => (copy.cutAt = world.now),
  }));
}

// To where clocks that differ matter.
function timeActions({ world }: Cast): readonly Action[] {
  const current = readWindowState(world.pvc);
  const releaseBy = current.state === 'frozen' ? (current.releaseBy ?? 0) : 0;
  return [-MARGIN_MS, -LARGEST_SKEW_MS, MARGIN_MS]
    .map((distance) => releaseBy + distance - LARGEST_SKEW_MS / 10)
    .filter((time) => time > world.now)
    .map((time) => ({ name: 'release-by comes near', kind: 'deadline', act: () => (world.now = time) }));
}
