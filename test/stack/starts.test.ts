// What starts a sync: schedules, manual tags and the end of the sync before, with VolSync's precedence; `paused`; and
// the first sync. How a schedule stands in Temporal is controller.test.ts's.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { nextTime } from '../../domain/cron.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { wholeSeconds } from '../../domain/time.ts';
import {
  aWaitingSync,
  anApplication,
  createSource,
  edit,
  latestRun,
  PATIENCE,
  pvcOf,
} from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const WAIT = { 'stillpoint.dev/first-sync': 'wait' };

describe.concurrent('a manual tag', () => {
  it('starts one sync, is answered in lastManualSync, and the next tag starts the next one', async () => {
    const application = await anApplication(world, {});
    await createSource(application, { spec: { trigger: { manual: 'tag-1' } } });
    await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'tag-1');
    const first = await latestRun(application);
    await application.report(first);
    await edit(application, { trigger: { manual: 'tag-2' } });
    await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'tag-2');
    await application.report(await latestRun(application, first));
    expect(await startsOf(application)).toBe(2);
    await application.remove();
  });

  it('that is set in mid-sync is not answered by that sync, and starts its own (SM-11)', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await createSource(application, {
      spec: { trigger: { manual: 'tag-1' } },
      restic: { volumeSnapshotClassName: 'dir-slow-cut' },
    });
    await application.copyStatus('WaitingForTrigger');
    const first = await latestRun(application);
    await application.setTrigger('t1');
    await application.copyStatus('InProgress');
    await edit(application, { trigger: { manual: 'tag-2' } });
    await application.report(first);
    const { lastCopy } = await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'tag-1');
    expect(lastCopy?.trigger).toBe('t1');
    await application.copyStatus('WaitingForTrigger');
    await application.setTrigger('t2');
    await application.report(await latestRun(application, first));
    const second = await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'tag-2');
    expect(second.lastCopy?.trigger).toBe('t2');
    await application.remove();
  });

  it('that is set in mid-wait is the one that the copy answers: nothing is copied yet', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await createSource(application, { spec: { trigger: { manual: 'tag-1' } } });
    await application.copyStatus('WaitingForTrigger');
    await edit(application, { trigger: { manual: 'tag-2' } });
    await application.setTrigger('t1');
    const { lastCopy } = await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'tag-2');
    expect(lastCopy?.trigger).toBe('t1');
    expect(await startsOf(application)).toBe(1);
    await application.remove();
  });

  it('wins over a schedule beside it: no time is due', async () => {
    const application = await anApplication(world, {});
    const trigger = { manual: 'tag-1', schedule: '* * * * *' };
    await createSource(application, { spec: { trigger } });
    const status = await application.sourceStatus(
      ({ conditions }) => conditions?.[0]?.reason === 'WaitingForManual',
    );
    expect(status).not.toHaveProperty('nextSyncTime');
    const { info } = await describeSchedule(application);
    expect(info.nextActionTimes).toEqual([]);
    await application.remove();
  });
});

describe.concurrent('a source without schedule and tag', () => {
  it('is synchronised again as soon as the sync before has ended', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await createSource(application, { spec: { trigger: {} } });
    let run: string | undefined;
    for (const trigger of ['t1', 't2', 't3']) {
      await application.copyStatus('WaitingForTrigger');
      run = await latestRun(application, run);
      await application.setTrigger(trigger);
      expect((await application.report(run)).copy).toMatchObject({ trigger });
    }
    const status = await application.sourceStatus(({ lastCopy }) => lastCopy?.trigger === 't3');
    expect(status).not.toHaveProperty('nextSyncTime');
    await application.remove();
  });
});

describe.concurrent('a schedule', () => {
  it('starts a sync at its next time, and no other before (first-sync: wait)', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    const created = world.cluster.now();
    await createSource(application, { spec: { trigger: { schedule: '* * * * *' } }, annotations: WAIT });
    const asked = await application.copyStatus('WaitingForTrigger');
    const due = nextTime('* * * * *', new Date(created))?.getTime() ?? 0;
    expect(Date.parse(asked[A.waitingSince] ?? '')).toBeGreaterThanOrEqual(due);
    expect(await startsOf(application)).toBe(1);
    await application.setTrigger('t1');
    const run = await latestRun(application);
    await edit(application, { paused: true });
    expect((await application.report(run)).copy).toMatchObject({ trigger: 't1' });
    await application.remove();
  });

  it('whose time comes while a sync waits starts no second one, and Temporal counts the slot (SM-6)', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await createSource(application, { spec: { trigger: { schedule: '* * * * *' } } });
    const asked = await application.copyStatus('WaitingForTrigger');
    const run = await latestRun(application);
    const skipped = async () => (await describeSchedule(application)).info.numActionsSkippedOverlap;
    await vi.waitUntil(async () => (await skipped()) > 0, PATIENCE);
    expect(await startsOf(application)).toBe(1);
    expect(pvcOf(application)?.metadata.annotations).toMatchObject({ [A.copyWindow]: asked[A.copyWindow] });
    await edit(application, { paused: true });
    await application.setTrigger('t1');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 't1' });
    await application.remove();
  });

  it.each([
    ['@daily', {}],
    ['CRON_TZ=Europe/Berlin 30 4 * * *', {}],
    ['30 4 * * *', { 'stillpoint.dev/time-zone': 'America/New_York' }],
  ])('%s %j: its next time is told and is Temporal’s', async (schedule, annotations) => {
    const application = await anApplication(world, {});
    await createSource(application, { spec: { trigger: { schedule } }, annotations });
    const { nextSyncTime } = await application.sourceStatus((now) => now.nextSyncTime !== undefined);
    const zone = Object.values(annotations)[0] ?? 'UTC';
    const expected = nextTime(schedule, new Date(world.cluster.now()), zone);
    expect(nextSyncTime).toBe(wholeSeconds(expected?.getTime() ?? 0));
    const { info } = await describeSchedule(application);
    expect(info.nextActionTimes[0]).toEqual(expected);
    await application.remove();
  });

  it('has the jitter and the catch-up window of its source, and skips what overlaps', async () => {
    const application = await anApplication(world, {});
    const annotations = {
      ...WAIT,
      'stillpoint.dev/jitter': '5m',
      'stillpoint.dev/catch-up-window': '1h',
    };
    await createSource(application, { annotations });
    const { spec, policies } = await vi.waitUntil(
      () => describeSchedule(application).catch(() => undefined),
      PATIENCE,
    );
    expect(spec.jitter).toBe(300_000);
    expect(policies).toMatchObject({ catchupWindow: 3_600_000, overlap: 'SKIP' });
    await application.remove();
  });

  it.each([
    ['stillpoint.dev/jitter', 'soon'],
    ['stillpoint.dev/catch-up-window', '1s'],
    ['stillpoint.dev/time-zone', 'Middle/Earth'],
  ])('whose annotation %s is %j is refused before the application is asked', async (key, value) => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await createSource(application, { annotations: { [key]: value } });
    const { conditions } = await application.sourceStatus((now) => now.conditions?.[0]?.reason === 'Error');
    expect(conditions?.[0]?.message).toContain(`annotation ${key} is "${value}"`);
    expect(pvcOf(application)?.metadata.annotations).not.toHaveProperty(A.latestCopyStatus);
    expect(await startsOf(application)).toBe(0);
    await application.remove();
  });
});

describe.concurrent('a source that is paused', () => {
  it('asks nobody, and asks as soon as it is resumed (SM-13)', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await createSource(application, { spec: { paused: true } });
    await vi.waitUntil(() => describeSchedule(application).catch(() => undefined), PATIENCE);
    expect(await startsOf(application)).toBe(0);
    expect(pvcOf(application)?.metadata.annotations).not.toHaveProperty(A.latestCopyStatus);
    await edit(application, { paused: false });
    await application.copyStatus('WaitingForTrigger');
    expect(await startsOf(application)).toBe(1);
    await application.remove();
  });

  it('in mid-wait: the sync that has asked is done to the end', async () => {
    const { application, run } = await aWaitingSync(world);
    await edit(application, { paused: true });
    await application.setTrigger('t1');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 't1' });
    await application.remove();
  });

  it('answers a manual tag that was set meanwhile when it is resumed', async () => {
    const application = await anApplication(world, {});
    await createSource(application, { spec: { trigger: { manual: 'tag-1' } } });
    await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'tag-1');
    await edit(application, { paused: true });
    await edit(application, { trigger: { manual: 'tag-2' } });
    await vi.waitUntil(async () => (await describeSchedule(application)).state.paused, PATIENCE);
    expect(await startsOf(application)).toBe(1);
    await edit(application, { paused: false });
    await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'tag-2');
    await application.remove();
  });
});

async function describeSchedule({ source }: Application) {
  return world.temporal.schedule.getHandle(sourceScheduleId(source)).describe();
}

/** How many syncs the schedule has started. */
async function startsOf(application: Application): Promise<number> {
  return (await describeSchedule(application)).info.numActionsTaken;
}
