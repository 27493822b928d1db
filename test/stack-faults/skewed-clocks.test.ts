// One party's clock is five minutes wrong. Deadlines are compared with the API server's time and counted by
// stopwatches, so that nobody is let go too early or too late, and no copy is answered that came too late.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import type { Program } from '../../tools/own-processes.ts';
import { aWaitingSync, answersOf } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { Application, World } from '../stack/world.ts';
import { killOurs, startBothAnew, startOurs } from './our-processes.ts';

const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };
const NEVER_CUTS = { volumeSnapshotClassName: 'dir-fail' };
const BOUND_MS = 60_000;
const LONG_FREEZE = { 'stillpoint.dev/freeze-bound': '60s' };
const SHORT_FREEZE = { 'stillpoint.dev/freeze-bound': '8s' };
const FIVE_MINUTES_MS = 300_000;
// From a deadline to what is written, on a machine that may be busy.
const PROMPTLY_MS = 5_000;
// The API server's time is known from Date headers, which have whole seconds.
const CLOCK_ERROR_MS = 1_000;

const BOTH = ['worker', 'controller'] as const;

const CLOCKS = [
  { clock: 'fast', shiftMs: FIVE_MINUTES_MS },
  { clock: 'slow', shiftMs: -FIVE_MINUTES_MS },
] as const;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.each(CLOCKS)('a clock that is five minutes $clock', ({ shiftMs }) => {
  describe.each<{ program: Program }>([{ program: 'worker' }, { program: 'controller' }])(
    'of the $program',
    ({ program }) => {
      beforeAll(async () => {
        await killOurs(program);
        await startShifted(program, shiftMs);
      });
      afterAll(() => startBothAnew());

      it('changes no deadline and no freeze: the copy is answered, and its freeze is measured as it was', async () => {
        await copyIsAnsweredAndMeasured();
      });

      it('lets nobody go too early or too late whose copy is not cut in time (row 7)', async () => {
        const { application } = await aWaitingSync(world, NEVER_CUTS, SHORT_FREEZE);
        await application.setTrigger('t1');
        const { late } = await givenUp(application);
        expect(late).toBeGreaterThanOrEqual(-MARGIN_MS - CLOCK_ERROR_MS);
        expect(late).toBeLessThan(PROMPTLY_MS);
      });
    },
  );

  describe('of the guard', () => {
    beforeAll(() => startShifted('guard', shiftMs));
    afterAll(() => killOurs('guard'));

    it('disturbs no sync that is in time', async () => {
      await copyIsAnsweredAndMeasured();
    });

    it('lets an application go right after its release-by, with worker and controller dead (row 8)', async () => {
      const { application } = await aWaitingSync(world, NEVER_CUTS, SHORT_FREEZE);
      await application.setTrigger('t1');
      await application.copyStatus('InProgress');
      await Promise.all(BOTH.map((program) => killOurs(program)));
      const { late, error } = await givenUp(application).finally(() =>
        Promise.all(BOTH.map((program) => startOurs(program))),
      );
      expect(error).toMatch(/^ReleasedByGuard: /);
      expect(late).toBeGreaterThanOrEqual(MARGIN_MS - CLOCK_ERROR_MS);
      expect(late).toBeLessThan(MARGIN_MS + PROMPTLY_MS);
    });
  });

  describe('of the owner', () => {
    it('moves the beginning of the freeze no further back than to the question, and never beyond the acceptance', async () => {
      const { application, run } = await aWaitingSync(world, SLOW_CUT, LONG_FREEZE);
      const asked = performance.now();
      const quiescedAt = new Date(Date.now() + shiftMs).toISOString();
      await annotate(application, { [A.copyTrigger]: 't1', [A.quiescedAt]: quiescedAt });
      const frozen = await application.copyStatus('InProgress');
      expect(releaseBy(frozen)).toBeLessThan(Date.now() + BOUND_MS + CLOCK_ERROR_MS);
      await application.copyStatus('Completed');
      const sinceAsked = performance.now() - asked;
      const { freezeMs = 0 } = (await application.report(run)).copy;
      expect(freezeMs).toBeGreaterThan(CUT_MS - CLOCK_ERROR_MS);
      expect(freezeMs).toBeLessThan(sinceAsked + 2 * CLOCK_ERROR_MS);
    });
  });
});

describe('a controller whose clock is five minutes fast', () => {
  beforeAll(async () => {
    await killOurs('controller');
    await startShifted('controller', FIVE_MINUTES_MS);
  });
  afterAll(() => startBothAnew());

  it('hears of a sync that a person terminates, and lets its application go', async () => {
    const { application, run } = await aWaitingSync(world);
    await world.temporal.workflow.getHandle(run).terminate('a test');
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^SyncEnded: /);
  });
});

describe('an owner whose promise ends by a clock of its own', () => {
  const promised = (shiftMs: number) => ({
    [A.copyTrigger]: 't1',
    [A.triggerValidUntil]: new Date(Date.now() + shiftMs + BOUND_MS).toISOString(),
  });

  it('that is five minutes fast is served, and not for longer than the bound', async () => {
    const { application, run } = await aWaitingSync(world, SLOW_CUT, LONG_FREEZE);
    await annotate(application, promised(FIVE_MINUTES_MS));
    const frozen = await application.copyStatus('InProgress');
    expect(releaseBy(frozen)).toBeLessThan(Date.now() + BOUND_MS + CLOCK_ERROR_MS);
    await application.copyStatus('Completed');
    await application.report(run);
  });

  it('that is five minutes slow is told that its trigger is over, and nothing is copied (row 10)', async () => {
    await startOurs('guard');
    try {
      const { application } = await aWaitingSync(world, SLOW_CUT);
      const answers = answersOf(application);
      await annotate(application, promised(-FIVE_MINUTES_MS));
      const failed = await application.copyStatus('Failed');
      expect(failed[A.latestCopyTrigger]).toBe('t1');
      expect(answers.map(({ status }) => status)).toEqual(['Failed']);
      expect(world.cluster.volumeSnapshots.watch().list(application.namespace)).toEqual([]);
    } finally {
      await killOurs('guard');
    }
  });
});

/** How long the class dir-slow-cut takes. */
const CUT_MS = 4_000;

/** A copy that takes four seconds, in a freeze that may last a minute. */
async function copyIsAnsweredAndMeasured(): Promise<void> {
  const { application, run } = await aWaitingSync(world, SLOW_CUT, LONG_FREEZE);
  const answers = answersOf(application);
  const began = performance.now();
  await application.setTrigger('t1');
  const frozen = await application.copyStatus('InProgress');
  expect(Math.abs(releaseBy(frozen) - Date.now() - BOUND_MS)).toBeLessThan(PROMPTLY_MS);
  await application.copyStatus('Completed');
  const stoodForMs = performance.now() - began;
  const { freezeMs = 0 } = (await application.report(run)).copy;
  expect(freezeMs).toBeGreaterThan(CUT_MS - CLOCK_ERROR_MS);
  expect(freezeMs).toBeLessThan(stoodForMs + 2 * CLOCK_ERROR_MS);
  expect(answers).toMatchObject([{ status: 'Completed', trigger: 't1' }]);
}

/** How long after release-by the application was let go, and what it was told. */
async function givenUp(application: Application) {
  const frozen = await application.copyStatus('InProgress');
  const failed = await application.copyStatus('Failed');
  return { late: Date.now() - releaseBy(frozen), error: failed[A.latestCopyError] };
}

function releaseBy(annotations: Readonly<Record<string, string>>): number {
  return Date.parse(annotations[A.releaseBy] ?? '');
}

async function annotate(application: Application, annotations: Readonly<Record<string, string>>) {
  await application.world.cluster.pvcs.patch(application.pvc, { metadata: { annotations } });
}

/** Starts the program with a wrong clock, and makes sure that it is wrong. */
async function startShifted(program: Program, shiftMs: number): Promise<void> {
  const preload = pathToFileURL(join(import.meta.dirname, 'shifted-clock.ts'));
  const { logFile } = await startOurs(program, program, {
    NODE_OPTIONS: `--import=${preload.href}`,
    STILLPOINT_TEST_CLOCK_SHIFT_MS: String(shiftMs),
  });
  const last = readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  const { time } = JSON.parse(last) as { readonly time: string | number };
  expect(Math.abs(new Date(time).getTime() - Date.now() - shiftMs)).toBeLessThan(60_000);
}
