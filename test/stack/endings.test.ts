// Endings that come from outside the sync and its pvc: the whole namespace goes, somebody pauses, the class of the
// copies goes. Whoever stands still is let go, and what has been begun comes to an end.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { aWaitingSync, answersOf, edit, nothingStays, PATIENCE, reasonOfFailure } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };
const SHORT_FREEZE = { 'stillpoint.dev/freeze-bound': '40s' };
const SLOW_READY = { volumeSnapshotClassName: 'dir-slow-ready' };

describe.concurrent('the namespace is deleted', () => {
  it.each([
    { when: 'in mid-wait', restic: {}, until: undefined },
    { when: 'while frozen', restic: SLOW_CUT, until: 'InProgress' },
    { when: 'while the copy is made ready', restic: SLOW_READY, until: 'Completed' },
  ])(
    '$when: the sync ends, its schedule goes, and nothing keeps the namespace',
    async ({ restic, until }) => {
      const { application, run } = await aWaitingSync(world, restic);
      if (until !== undefined) {
        await application.setTrigger('t1');
        await application.copyStatus(until);
      }
      await application.remove();
      await vi.waitUntil(async () => !(await isRunning(run)), PATIENCE);
      await vi.waitUntil(() => isGone(application), PATIENCE);
      await vi.waitUntil(async () => !(await hasSchedule(application)), PATIENCE);
    },
  );
});

describe.concurrent('while the application stands still', () => {
  it.each([
    { who: 'the owner pauses the source', pause: (it: Application) => edit(it, { paused: true }) },
    {
      who: 'a person pauses the schedule in Temporal',
      pause: ({ source }: Application) =>
        world.temporal.schedule.getHandle(sourceScheduleId(source)).pause('on holiday'),
    },
  ])('$who: the trigger is answered, and the sync is done to its end (row 6)', async ({ pause }) => {
    const { application, run } = await aWaitingSync(world, SLOW_CUT);
    const answers = answersOf(application);
    await application.setTrigger('t1');
    await application.copyStatus('InProgress');
    await pause(application);
    expect((await application.report(run)).copy).toMatchObject({ trigger: 't1' });
    expect(answers).toMatchObject([{ status: 'Completed', trigger: 't1' }]);
    await nothingStays(application);
    await application.remove();
  });
});

describe.concurrent('the class of the snapshots vanishes', () => {
  it.each([
    { when: 'in mid-wait', reason: /^ClassMissing/ },
    { when: 'while frozen', reason: /^(ClassMissing|FreezeBoundExceeded)/ },
  ])(
    '$when: the application is let go within its bound, and one sentence says why (row 7)',
    async ({ when, reason }) => {
      const { application, run, removeClass } = await waitingWithClassOfItsOwn();
      if (when === 'in mid-wait') await removeClass();
      await application.setTrigger('t1');
      if (when === 'while frozen') {
        await application.copyStatus('InProgress');
        await removeClass();
      }
      const failed = await application.copyStatus('Failed');
      expect(failed[A.latestCopyTrigger]).toBe('t1');
      expect(failed[A.latestCopyError]).toMatch(reason);
      expect(await reasonOfFailure(application, run)).toMatch(reason);
      await nothingStays(application);
      await application.remove();
    },
  );
});

/** A class as dir-slow-cut, and nobody else's; the application stands still for forty seconds at most. */
async function waitingWithClassOfItsOwn() {
  const { volumeSnapshotClasses } = world.cluster;
  const like = await volumeSnapshotClasses.get({ namespace: '', name: SLOW_CUT.volumeSnapshotClassName });
  if (like === undefined) throw new Error(`there is no class ${SLOW_CUT.volumeSnapshotClassName}`);
  const name = `ending-${Math.random().toString(36).slice(2, 10)}`;
  await volumeSnapshotClasses.create({ ...like, metadata: { name } });
  const removeClass = () => volumeSnapshotClasses.delete({ namespace: '', name });
  const waiting = await aWaitingSync(world, { volumeSnapshotClassName: name }, SHORT_FREEZE);
  return { ...waiting, removeClass };
}

async function isRunning(run: string): Promise<boolean> {
  const { status } = await world.temporal.workflow.getHandle(run).describe();
  return status.name === 'RUNNING';
}

async function isGone({ namespace }: Application): Promise<boolean> {
  return (await world.cluster.namespaces.get({ namespace: '', name: namespace })) === undefined;
}

async function hasSchedule({ source }: Application): Promise<boolean> {
  return world.temporal.schedule
    .getHandle(sourceScheduleId(source))
    .describe()
    .then(
      () => true,
      () => false,
    );
}
