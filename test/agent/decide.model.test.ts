// Random walks over the real `decide`: calls that fail or lose their answer, late news, kills, stops, in any order.
// STILLPOINT_MODEL_WALKS sets how many, STILLPOINT_MODEL_SEED which.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentOptions } from '../../agent/state.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { HOLD_MS, World, happenings, troubles } from './walk.ts';
import type { Walk, Wrong } from './walk.ts';

const WALKS = Number(process.env['STILLPOINT_MODEL_WALKS'] ?? 400);
const SEED = Number(process.env['STILLPOINT_MODEL_SEED'] ?? 15);

function walked(walk: Walk, wrong: Wrong = {}, options: Partial<AgentOptions> = {}): World {
  const world = new World(options, wrong);
  for (const happening of walk) world.take(happening);
  return world;
}

function holds(walks: fc.Arbitrary<Walk>, judge: (walk: Walk) => void): void {
  fc.assert(fc.property(walks, judge), { numRuns: WALKS, seed: SEED });
}

const LENGTH = { minLength: 30, maxLength: 100, size: 'max' } as const;
const quiet = fc.array(happenings, LENGTH);
const rough = fc.array(
  fc.oneof({ weight: 9, arbitrary: happenings }, { weight: 1, arbitrary: troubles }),
  LENGTH,
);

describe(`in ${WALKS} walks the agent`, () => {
  it('never leaves the application still beyond its deadline, and sets no trigger without a quiesce', () => {
    holds(rough, (walk) => {
      const { broken } = walked(walk);
      expect(broken.filter((what) => what !== 'a copy was completed of an application that ran')).toEqual([]);
    });
  });

  it('lets no copy be called Completed of an application that ran', () => {
    holds(quiet, (walk) => {
      expect(walked(walk).broken).toEqual([]);
    });
  });

  it('lets none be called so when it is told to stop, either, as long as its grace lasts', () => {
    const stops = fc.constant({ what: 'isStopped' });
    const walks = fc.array(fc.oneof({ weight: 40, arbitrary: happenings }, stops), LENGTH);
    holds(walks, (walk) => {
      expect(walked(walk, {}, { stopGraceMs: 3_600_000 }).broken).toEqual([]);
    });
  });

  it('unquiesces in the end whatever it has quiesced, leaves no trigger behind, and serves the next copy', () => {
    holds(rough, (walk) => {
      const world = walked(walk);
      if (world.pvc.annotations[A.latestCopyStatus] === 'InProgress') world.take({ what: 'fails' });
      world.pass(HOLD_MS);
      world.calms();
      expect(world.agent.state.phase.name).toBe(
        world.stopped && world.agent.state.stopBy !== undefined ? 'over' : served(world),
      );
      if (world.agent.state.phase.name !== 'frozen') expect(world.stillSince).toBeUndefined();
    });
  });
});

describe('the walk notices an agent', () => {
  it.each([
    ['that oversleeps', { oversleeps: true }],
    ['that promises more than it keeps', { promisesMoreMs: 20_000 }],
  ])('%s', (_, wrong: Wrong) => {
    const kept = fc.property(quiet, (walk) => walked(walk, wrong).broken.length === 0);
    expect(fc.check(kept, { numRuns: 10 * WALKS, seed: SEED, endOnFailure: true }).failed).toBe(true);
  });
});

// Nobody accepts in the calm: what waits is quiesced for, in vain, with pauses.
function served({ agent, pvc }: World): string {
  const waits = pvc.annotations[A.latestCopyStatus] === 'WaitingForTrigger';
  if (!waits) return 'idle';
  const quiesces = agent.effects.filter((effect) => effect.do === 'quiesce').length;
  expect(quiesces).toBeGreaterThan(0);
  return agent.state.phase.name === 'frozen' ? 'frozen' : 'idle';
}
