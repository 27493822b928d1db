// Somebody else writes on the pvc what is only ours to write: whoever no longer finds its window drops its copy, and
// never answers for it (row 13).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { breaksOnPurpose } from './outside-record.ts';
import {
  aWaitingSync,
  annotate,
  answersOf,
  latestRun,
  nothingStays,
  pvcOf,
  reasonOfFailure,
  windowIn,
} from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('while the application stands still, somebody', () => {
  it('removes our window: nothing is answered, and the copy is dropped (row 13)', async () => {
    const { application, run } = await frozen();
    brokenByHand(application, 3);
    const answers = answersOf(application);
    await annotate(application, { [A.copyWindow]: null });
    expect(await reasonOfFailure(application, run)).toBe('WindowLost');
    expect(pvcOf(application)?.metadata.annotations).not.toHaveProperty(A.latestCopyTrigger);
    expect(answers).toEqual([]);
    await nothingStays(application);
    await asksAgain(application, run);
    await application.remove();
  });

  it('puts another window in its place: that one is left alone (row 13)', async () => {
    const { application, run } = await frozen();
    brokenByHand(application, 3);
    const another = JSON.stringify({
      id: 'another',
      pvc: pvcOf(application)?.metadata.uid,
      runs: [],
      result: 'Failed',
    });
    await annotate(application, { [A.copyWindow]: another });
    expect(await reasonOfFailure(application, run)).toBe('WindowLost');
    expect(pvcOf(application)?.metadata.annotations).toMatchObject({ [A.copyWindow]: another });
    await nothingStays(application);
    await application.remove();
  });

  it('takes release-by away: the copy is not called Completed, and the application is released (row 6)', async () => {
    const { application, run } = await frozen();
    brokenByHand(application, 11);
    await annotate(application, { [A.releaseBy]: null });
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyTrigger]).toBe('frozen');
    expect(await reasonOfFailure(application, run)).toBe('FreezeBoundExceeded');
    await nothingStays(application);
    await application.remove();
  });

  it('removes or changes the trigger: the one that was accepted is answered (row 6)', async () => {
    const { application, run } = await frozen();
    await annotate(application, { [A.copyTrigger]: null });
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('frozen');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'frozen' });
    await application.remove();
  });
});

describe.concurrent('while a sync waits, somebody removes our window', () => {
  it('and the sync ends and says so; the next one asks in a window of its own (row 13)', async () => {
    const { application, run } = await aWaitingSync(world);
    brokenByHand(application, 3);
    await annotate(application, { [A.copyWindow]: null });
    expect(await reasonOfFailure(application, run)).toBe('WindowLost');
    await nothingStays(application);
    await asksAgain(application, run);
    await application.remove();
  });
});

async function frozen(): Promise<{ application: Application; run: string }> {
  const waiting = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
  await waiting.application.setTrigger('frozen');
  await waiting.application.copyStatus('InProgress');
  return waiting;
}

function brokenByHand({ namespace }: Application, invariant: number): void {
  const because = 'the test writes what only we may write';
  breaksOnPurpose(namespace, { invariant, object: 'PersistentVolumeClaim data-pvc', because });
}

/** The next sync is not held up by what stands there. */
async function asksAgain(application: Application, former: string): Promise<void> {
  await annotate(application, { [A.copyTrigger]: null });
  await application.syncNow();
  const run = await latestRun(application, former);
  await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs[0] === run);
  await application.setTrigger('next');
  expect((await application.report(run)).copy).toMatchObject({ trigger: 'next' });
}
