// Annotations that somebody else has left on the pvc: VolSync, or ourselves on the pvc that this one was restored from.
// They are neither joined nor an obstacle (row 1); a trigger among them counts as one that was set beforehand (row 2).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { anApplication, annotate, createSource, latestRun, pvcOf, windowIn } from './window-scenario.ts';
import { openWorld, statusesOf } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SINCE = '2026-01-01T00:00:00Z';
const ELSEWHERE = { id: 'elsewhere', pvc: 'another', runs: ['source/a/b'], trigger: 'old' };
const OPEN = { [A.copyWindow]: JSON.stringify(ELSEWHERE) };
const FAILED = { [A.copyWindow]: JSON.stringify({ ...ELSEWHERE, result: 'Failed' }) };
const COMPLETED = { [A.copyWindow]: JSON.stringify({ ...ELSEWHERE, result: 'Completed' }) };
const WAITS = { [A.latestCopyStatus]: 'WaitingForTrigger', [A.waitingSince]: SINCE };
const COPIES = { [A.latestCopyStatus]: 'InProgress' };

describe.concurrent('a trigger that is answered already, left by', () => {
  const ANSWERED = { [A.useCopyTrigger]: '', [A.copyTrigger]: 'old', [A.latestCopyTrigger]: 'old' };

  it.each([
    ['VolSync, which waits', WAITS],
    ['VolSync, which copies', COPIES],
    ['VolSync, which has copied', { [A.latestCopyStatus]: 'Completed' }],
    ['us, who wait on another pvc', { ...WAITS, ...OPEN }],
    ['us in the middle of a freeze of another pvc', { ...COPIES, [A.releaseBy]: SINCE, ...OPEN }],
    ['us, who have failed on another pvc', { [A.latestCopyStatus]: 'Failed', ...FAILED }],
  ])('%s: the application is asked anew, in a window of this pvc (row 1)', async (_, annotations) => {
    const application = await anApplication(world, { ...ANSWERED, ...annotations });
    await createSource(application);
    const asked = await application.copyStatus('WaitingForTrigger', (now) => now[A.waitingSince] !== SINCE);
    const run = await latestRun(application);
    expect(windowIn(asked)).toMatchObject({ pvc: pvcOf(application)?.metadata.uid, runs: [run] });
    expect(windowIn(asked)?.id).not.toBe('elsewhere');
    expect(asked).not.toHaveProperty(A.releaseBy);
    await application.setTrigger('new');
    const completed = await application.copyStatus('Completed', (now) => now[A.latestCopyTrigger] === 'new');
    expect(completed).not.toHaveProperty(A.waitingSince);
    await application.report(run);
    await application.remove();
  });
});

describe.concurrent('a trigger that nobody has answered, left on', () => {
  const UNANSWERED = { [A.useCopyTrigger]: '', [A.copyTrigger]: 'left', [A.latestCopyTrigger]: 'old' };

  it.each([
    ['a pvc that VolSync waited for', WAITS],
    ['a pvc that is restored from one that we waited for', { ...WAITS, ...OPEN }],
    [
      'a pvc that is restored from one that we have copied',
      { [A.latestCopyStatus]: 'Completed', ...COMPLETED },
    ],
  ])(
    '%s: counts as set beforehand, and is answered once, in a window of this pvc (row 2)',
    async (_, left) => {
      const application = await anApplication(world, { ...UNANSWERED, ...left });
      const statuses = statusesOf(application);
      await createSource(application);
      const completed = await application.copyStatus(
        'Completed',
        (now) => now[A.latestCopyTrigger] === 'left',
      );
      const run = await latestRun(application);
      expect(windowIn(completed)).toMatchObject({
        pvc: pvcOf(application)?.metadata.uid,
        runs: [run],
        trigger: 'left',
      });
      expect(completed).not.toHaveProperty(A.waitingSince);
      expect(statuses.slice(-2)).toEqual(['InProgress', 'Completed']);
      expect((await application.report(run)).copy).toMatchObject({ trigger: 'left' });
      await application.remove();
    },
  );

  it('a restored pvc, but whose promise is over: the application is asked for another (rows 1 and 4)', async () => {
    const expired = { [A.triggerValidUntil]: SINCE, [A.quiescedAt]: SINCE };
    const application = await anApplication(world, { ...UNANSWERED, ...WAITS, ...OPEN, ...expired });
    await createSource(application);
    await application.copyStatus('WaitingForTrigger', (now) => now[A.waitingSince] !== SINCE);
    await annotate(application, { [A.copyTrigger]: 'new', [A.triggerValidUntil]: null });
    const run = await latestRun(application);
    const { copy } = await application.report(run);
    expect(copy).toMatchObject({ trigger: 'new' });
    // The word of the application that was copied elsewhere is not taken for this one's.
    expect(copy.freezeMs).toBeLessThan(600_000);
    await application.remove();
  });
});

describe.concurrent('what cannot be read in the annotation copy-window', () => {
  it.each(['not JSON', '{}', '{"id":1,"pvc":[],"runs":"none"}'])(
    '%s: is no window of ours (row 1)',
    async (text) => {
      const application = await anApplication(world, {
        [A.useCopyTrigger]: '',
        [A.copyWindow]: text,
        ...WAITS,
      });
      await createSource(application);
      await application.copyStatus('WaitingForTrigger', (now) => now[A.waitingSince] !== SINCE);
      await application.setTrigger('new');
      expect((await application.report(await latestRun(application))).copy).toMatchObject({ trigger: 'new' });
      await application.remove();
    },
  );
});
