// How a copy window ends when something is in its way: rows 3, 6, 7, 9 and 13 of the table in docs/protocol.md.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import { annotationWrittenAt } from '../../domain/managed-fields.ts';
import {
  aWaitingSync,
  annotate,
  anotherSource,
  answersOf,
  latestRun,
  reasonOfFailure,
  windowIn,
} from './window-scenario.ts';
import { openWorld, statusesOf } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SHORT_FREEZE = { 'stillpoint.dev/freeze-bound': '5s' };

describe.concurrent('an owner who opts out', () => {
  it('in mid-wait is asked no longer, and the copy is taken at once without it (row 9)', async () => {
    const { application, run } = await aWaitingSync(world);
    await annotate(application, { [A.useCopyTrigger]: null });
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^OptedOut: /);
    expect(failed).not.toHaveProperty(A.waitingSince);
    const { copy } = await application.report(run);
    expect(copy).toHaveProperty('cutTime');
    expect(copy).not.toHaveProperty('trigger');
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('while frozen changes nothing: the trigger is answered (row 6)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    await application.setTrigger('frozen');
    await application.copyStatus('InProgress');
    await annotate(application, { [A.useCopyTrigger]: null });
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('frozen');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'frozen' });
    await application.remove();
  });
});

describe.concurrent('a storage', () => {
  it.each([
    ['is too slow to cut', 'dir-slow-cut', 'CT-11'],
    ['refuses to cut for ever', 'dir-fail', 'CT-8, CT-11, VH-2'],
  ])(
    'that %s (%s): the application is released before its deadline (row 7, %s)',
    async (_, volumeSnapshotClassName) => {
      const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName }, SHORT_FREEZE);
      await application.setTrigger('frozen');
      const frozen = await application.copyStatus('InProgress');
      const failed = await application.copyStatus('Failed');
      const pvc = await world.cluster.pvcs.get(application.pvc);
      const released = pvc && annotationWrittenAt(pvc, A.latestCopyStatus);
      expect(released).toBeLessThanOrEqual(Date.parse(frozen[A.releaseBy] ?? '') + MARGIN_MS);
      expect(failed[A.latestCopyTrigger]).toBe('frozen');
      expect(failed[A.latestCopyError]).toMatch(/^FreezeBoundExceeded: .*data-pvc/);
      expect(failed).not.toHaveProperty(A.releaseBy);
      expect(await reasonOfFailure(application, run)).toBe('FreezeBoundExceeded');
      expect(await application.temporaryObjects()).toEqual([]);
      await application.remove();
    },
  );

  it('that fails twice: it is tried again for the same trigger (row 6, VH-2)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-fail-twice' });
    const statuses = statusesOf(application);
    await application.setTrigger('patient');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'patient' });
    expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed']);
    await application.remove();
  });

  it('that is slow to make the copy ready: the application is released at the cut, never before (row 6, CT-10)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-ready' });
    await application.setTrigger('impatient');
    await application.copyStatus('Completed');
    const status = { readyToUse: false, creationTime: expect.any(String) };
    expect(await snapshotsOf(application)).toMatchObject([{ status }]);
    await application.report(run);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('that is slow to make the copy ready, of a source that says release-at: ready: the application stands still until then', async () => {
    const patient = { 'stillpoint.dev/release-at': 'ready' };
    const { application, run } = await aWaitingSync(
      world,
      { volumeSnapshotClassName: 'dir-slow-ready' },
      patient,
    );
    await application.setTrigger('patient');
    await application.copyStatus('Completed');
    expect(await snapshotsOf(application)).toMatchObject([{ status: { readyToUse: true } }]);
    await application.report(run);
    await application.remove();
  });

  it('that loses the copy after the release: the sync fails, and nothing is reported as moved (VH-2)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-fail-ready' });
    await application.setTrigger('released');
    await application.copyStatus('Completed');
    expect(await reasonOfFailure(application, run)).toBe('SnapshotLost');
    const status = await application.sourceStatus(({ conditions }) => conditions?.[0]?.reason === 'Error');
    expect(status).not.toHaveProperty('lastSyncTime');
    expect(status.latestMoverStatus?.result).toBe('Failed');
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });
});

describe.concurrent('two sources of one pvc', () => {
  it('share the window that is open: one trigger, both copies (rows 3 and 6)', async () => {
    const { application, run } = await aWaitingSync(world);
    const answers = answersOf(application);
    const other = await anotherSource(application);
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 2);
    const otherRun = await latestRun({ world, source: other });
    await application.setTrigger('shared');
    const reports = await Promise.all([application.report(run), application.report(otherRun)]);
    expect(reports).toMatchObject([{ copy: { trigger: 'shared' } }, { copy: { trigger: 'shared' } }]);
    expect(answers).toMatchObject([{ status: 'Completed', trigger: 'shared' }]);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it.each(['cancel', 'terminate'] as const)(
    'and one is told to %s: it leaves the window, and the other one is answered (rows 9 and 6)',
    async (how) => {
      const { application, run } = await aWaitingSync(world);
      const answers = answersOf(application);
      const other = await anotherSource(application);
      await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 2);
      const otherRun = await latestRun({ world, source: other });
      await world.temporal.workflow.getHandle(otherRun)[how]();
      const left = await application.copyStatus(
        'WaitingForTrigger',
        (now) => windowIn(now)?.runs.length === 1,
      );
      expect(windowIn(left)?.runs).toEqual([run]);
      expect(left).toHaveProperty(A.waitingSince);
      await application.setTrigger('for-one');
      expect((await application.report(run)).copy).toMatchObject({ trigger: 'for-one' });
      expect(answers).toMatchObject([{ status: 'Completed', trigger: 'for-one' }]);
      expect(await application.temporaryObjects()).toEqual([]);
      await application.remove();
    },
  );

  it('and one is told to stop while both stand in the freeze: the other one’s copy is answered (rows 7 and 6)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    const answers = answersOf(application);
    const other = await anotherSource(application);
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 2);
    const otherRun = await latestRun({ world, source: other });
    await application.setTrigger('for-one');
    await application.copyStatus('InProgress');
    await world.temporal.workflow.getHandle(run).cancel();
    await expect(application.report(run)).rejects.toThrow();
    expect((await application.report(otherRun)).copy).toMatchObject({ trigger: 'for-one' });
    expect(answers).toMatchObject([{ status: 'Completed', trigger: 'for-one' }]);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('take turns when one is frozen already: each has a copy of its own trigger (rows 3 and 6)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    const answers = answersOf(application);
    await application.setTrigger('first');
    await application.copyStatus('InProgress');
    const other = await anotherSource(application);
    await application.copyStatus('WaitingForTrigger');
    const otherRun = await latestRun({ world, source: other });
    expect(otherRun).not.toBe(run);
    await application.setTrigger('second');
    const reports = await Promise.all([application.report(run), application.report(otherRun)]);
    expect(reports).toMatchObject([{ copy: { trigger: 'first' } }, { copy: { trigger: 'second' } }]);
    expect(answers).toMatchObject([
      { status: 'Completed', trigger: 'first' },
      { status: 'Completed', trigger: 'second' },
    ]);
    await application.remove();
  });
});

async function snapshotsOf({ namespace }: Application) {
  return world.cluster.volumeSnapshots.list({ namespace });
}
