// How a copy window ends when something is in its way: rows 3, 6, 7, 9 and 13 of the table in docs/protocol.md.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import {
  aWaitingSync,
  anApplication,
  annotate,
  anotherSource,
  answersOf,
  createPvc,
  latestRun,
  pvcOf,
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

describe.concurrent('what vanishes in mid-sync', () => {
  it('the source, in mid-wait: the application is asked no longer (row 9)', async () => {
    const { application, run } = await aWaitingSync(world);
    await world.cluster.sources.delete(application.source);
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^(Cancelled|SourceGone): /);
    await expect(application.report(run)).rejects.toThrow();
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('the source, while frozen: the application is released with its trigger used up (row 7)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-cut' });
    await application.setTrigger('frozen');
    await application.copyStatus('InProgress');
    await world.cluster.sources.delete(application.source);
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyTrigger]).toBe('frozen');
    expect(failed).not.toHaveProperty(A.releaseBy);
    await expect(application.report(run)).rejects.toThrow();
    expect(await standingSnapshots(application)).toEqual([]);
    await application.remove();
  });

  it('the pvc, in mid-wait: the sync ends and says so, and one created anew is asked anew (row 1)', async () => {
    const { application, run } = await aWaitingSync(world);
    const left = pvcOf(application)?.metadata.annotations ?? {};
    await world.cluster.pvcs.delete(application.pvc);
    expect(await reasonOfFailure(application, run)).toBe('PvcMissing');
    const status = await application.sourceStatus(({ conditions }) => conditions?.[0]?.reason === 'Error');
    expect(status.conditions?.[0]?.message).toContain(`${application.namespace}/data-pvc`);
    // Restored from a backup, with the annotations that it had.
    const ours = Object.entries(left).filter(([key]) => /volsync|stillpoint/.test(key));
    await createPvc(application, Object.fromEntries(ours));
    await application.syncNow();
    const asked = await application.copyStatus(
      'WaitingForTrigger',
      (annotations) => windowIn(annotations)?.id !== windowIn(left)?.id,
    );
    expect(windowIn(asked)?.pvc).toBe(pvcOf(application)?.metadata.uid);
    await application.remove();
  });
});

describe.concurrent('a storage', () => {
  it.each(['dir-slow-cut', 'dir-fail'])(
    'that does not cut in time (%s): the application is released before its deadline (row 7)',
    async (volumeSnapshotClassName) => {
      const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName }, SHORT_FREEZE);
      await application.setTrigger('frozen');
      const frozen = await application.copyStatus('InProgress');
      const failed = await application.copyStatus('Failed');
      expect(world.cluster.now()).toBeLessThan(Date.parse(frozen[A.releaseBy] ?? '') + MARGIN_MS);
      expect(failed[A.latestCopyTrigger]).toBe('frozen');
      expect(failed[A.latestCopyError]).toMatch(/^FreezeBoundExceeded: .*data-pvc/);
      expect(failed).not.toHaveProperty(A.releaseBy);
      expect(await reasonOfFailure(application, run)).toBe('FreezeBoundExceeded');
      expect(await standingSnapshots(application)).toEqual([]);
      await application.remove();
    },
  );

  it('that fails twice: it is tried again for the same trigger (row 6)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-fail-twice' });
    const statuses = statusesOf(application);
    await application.setTrigger('patient');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'patient' });
    expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed']);
    await application.remove();
  });

  it('that is slow to make the copy ready: the application is released at the cut (row 6)', async () => {
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-slow-ready' });
    await application.setTrigger('impatient');
    await application.copyStatus('Completed');
    expect(await snapshotsOf(application)).toMatchObject([{ status: { readyToUse: false } }]);
    await application.report(run);
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('that loses the copy after the release: the sync fails, and nothing is reported as moved', async () => {
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

describe.concurrent('annotations that others have left', () => {
  const ELSEWHERE = JSON.stringify({ id: 'elsewhere', pvc: 'another', runs: ['source/a/b'], trigger: 'old' });
  const OLD = { [A.useCopyTrigger]: '', [A.copyTrigger]: 'old', [A.latestCopyTrigger]: 'old' };
  const SINCE = '2026-01-01T00:00:00Z';

  it.each([
    ['VolSync, which waits', { [A.latestCopyStatus]: 'WaitingForTrigger', [A.waitingSince]: SINCE }],
    ['VolSync, which copies', { [A.latestCopyStatus]: 'InProgress' }],
    [
      'us on another pvc, restored in the middle of a freeze',
      { [A.latestCopyStatus]: 'InProgress', [A.releaseBy]: SINCE, [A.copyWindow]: ELSEWHERE },
    ],
  ])('%s: they are not taken for our own (row 1)', async (_, annotations) => {
    const application = await anApplication(world, { ...OLD, ...annotations });
    await application.replicate({ copyMethod: 'Snapshot' });
    const asked = await application.copyStatus('WaitingForTrigger', (now) => now[A.waitingSince] !== SINCE);
    const run = await latestRun(application);
    expect(windowIn(asked)).toMatchObject({ pvc: pvcOf(application)?.metadata.uid, runs: [run] });
    expect(asked).not.toHaveProperty(A.releaseBy);
    await application.setTrigger('new');
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('new');
    await application.report(run);
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

// Those that nobody has deleted. csi-snapshotter was seen to leave one that was deleted in the middle of its cut
// Terminating for minutes, so that these tests cannot promise more.
async function standingSnapshots(application: Application) {
  const snapshots = await snapshotsOf(application);
  return snapshots.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function snapshotsOf({ namespace }: Application) {
  return world.cluster.volumeSnapshots.list({ namespace });
}
