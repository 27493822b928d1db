// Which triggers count, and for which sync: rows 1, 2, 4 and 12 of the table in docs/protocol.md (11, and more of 12:
// left-trigger.test.ts).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { wholeSeconds } from '../../domain/time.ts';
import {
  aWaitingSync,
  anApplication,
  annotate,
  answersOf,
  latestRun,
  looksAndKeepsWaiting,
  windowIn,
} from './window-scenario.ts';
import { openWorld, statusesOf } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const HOUR_MS = 3_600_000;

describe.concurrent('a trigger that was set before the sync was due', () => {
  it('is copied at once and answered, without being asked for (row 2)', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: 'false', [A.copyTrigger]: 'early' });
    const statuses = statusesOf(application);
    await application.replicate({ copyMethod: 'Snapshot' });
    const completed = await application.copyStatus('Completed');
    const run = await latestRun(application);
    expect(completed[A.latestCopyTrigger]).toBe('early');
    expect(windowIn(completed)).toMatchObject({ runs: [run], trigger: 'early', result: 'Completed' });
    expect(statuses).toEqual(['InProgress', 'Completed']);
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'early' });
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('is not copied when its promise is over: the application is asked for another (rows 1 and 4)', async () => {
    const application = await anApplication(world, {
      [A.useCopyTrigger]: '',
      [A.copyTrigger]: 'expired',
      [A.triggerValidUntil]: wholeSeconds(world.cluster.now() - HOUR_MS),
    });
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.copyStatus('WaitingForTrigger');
    const run = await latestRun(application);
    await looksAndKeepsWaiting(application, run);
    const validUntil = wholeSeconds(world.cluster.now() + 300_000);
    await annotate(application, { [A.copyTrigger]: 'valid', [A.triggerValidUntil]: validUntil });
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('valid');
    await application.report(run);
    await application.remove();
  });
});

describe.concurrent('a sync that waits', () => {
  it('keeps waiting on an empty trigger (row 4)', async () => {
    const { application, run } = await aWaitingSync(world);
    await application.setTrigger('');
    await looksAndKeepsWaiting(application, run);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.setTrigger('not-empty');
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('not-empty');
    await application.report(run);
    await application.remove();
  });

  it('keeps waiting when the trigger that was answered is set again (row 4)', async () => {
    const { application, run: first } = await aWaitingSync(world);
    const answers = answersOf(application);
    await application.setTrigger('same');
    await application.report(first);
    await application.syncNow();
    await application.copyStatus('WaitingForTrigger');
    const second = await latestRun(application, first);
    await application.setTrigger('same');
    await looksAndKeepsWaiting(application, second);
    await application.copyStatus('WaitingForTrigger');
    expect(await application.temporaryObjects()).toEqual([]);
    await application.setTrigger('other');
    await application.report(second);
    expect(answers).toMatchObject([
      { status: 'Completed', trigger: 'same' },
      { status: 'Completed', trigger: 'other' },
    ]);
    await application.remove();
  });
});

describe.concurrent('a trigger that comes too late for this copy', () => {
  it('is never this sync’s answer when set during InProgress, and gets its own sync at once (CT-6, row 12)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    const answers = answersOf(application);
    await application.setTrigger('first');
    await application.copyStatus('InProgress');
    await application.setTrigger('second');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'first' });
    await application.report(await latestRun(application, run));
    expect(answers).toMatchObject([
      { status: 'Completed', trigger: 'first' },
      { status: 'Completed', trigger: 'second' },
    ]);
    await application.remove();
  });
});
