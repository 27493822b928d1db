// The controller keeps one Temporal Schedule per source in step. Most sources here name a PVC that does not
// exist: their syncs end at once, and only what starts them is looked at.
import type { ScheduleDescription } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ReplicationSource, ReplicationSourceSpec } from '../../api/replication-source.ts';
import { nextTime } from '../../domain/cron.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { aWaitingSync } from './window-scenario.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
const YEARLY = { trigger: { schedule: '0 0 29 2 *' } };
const WAIT = { 'stillpoint.dev/first-sync': 'wait' };

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('the schedule of a source', () => {
  it('starts syncs at the times of robfig’s cron, where Temporal’s own would not', async () => {
    const schedule = '0 12 13 * 5';
    const application = await aNamespace();
    await createSource(
      application,
      { trigger: { schedule } },
      { ...WAIT, 'stillpoint.dev/time-zone': 'Europe/Berlin' },
    );
    const { info } = await theSchedule(application);
    let after = new Date();
    for (const time of info.nextActionTimes.slice(0, 8)) {
      expect(time).toEqual(nextTime(schedule, after, 'Europe/Berlin'));
      after = time;
    }
    await application.remove();
  });

  it('tells people whose it is', async () => {
    const application = await aNamespace();
    await createSource(application, YEARLY, WAIT);
    const { action, typedSearchAttributes } = await theSchedule(application);
    const name = `${application.namespace}/test-rs`;
    expect(action).toMatchObject({ workflowType: 'syncSource', staticSummary: `${name}: data-pvc → restic` });
    const attributes = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    expect(Object.fromEntries(attributes)).toEqual({
      SyncSource: name,
      SyncPvc: `${application.namespace}/data-pvc`,
      SyncMover: 'restic',
    });
    await application.remove();
  });

  it('follows an edit of the source', async () => {
    const application = await aNamespace();
    await createSource(application, YEARLY, WAIT);
    await theSchedule(application);
    await editSource(application, { trigger: { schedule: '@hourly' } });
    await theSchedule(application, ({ spec }) => spec.calendars?.[0]?.dayOfMonth[0]?.end === 31);
    await application.remove();
  });

  it('is paused while the source is paused', async () => {
    const application = await aNamespace();
    await createSource(application, { ...YEARLY, paused: true });
    const { info } = await theSchedule(application, ({ state }) => state.paused);
    expect(info.numActionsTaken).toBe(0);
    await editSource(application, { paused: false });
    await theSchedule(application, ({ state, info: now }) => !state.paused && now.numActionsTaken === 1);
    await application.remove();
  });

  it('stays paused by a person whatever is edited in the source', async () => {
    const application = await aNamespace();
    await createSource(application, YEARLY, WAIT);
    await theSchedule(application);
    await handleOf(application).pause('Ada moves the storage');
    await editSource(application, { trigger: { schedule: '@hourly' } });
    const { state } = await theSchedule(
      application,
      ({ spec }) => spec.calendars?.[0]?.dayOfMonth[0]?.end === 31,
    );
    expect(state).toMatchObject({ paused: true, note: 'Ada moves the storage' });
    await application.remove();
  });

  it('has no times when they cannot be read, and the source says why until they can', async () => {
    const application = await aNamespace();
    await createSource(application, { trigger: { schedule: '0 0 31 2 *' } });
    const { conditions } = await application.sourceStatus((status) => status.conditions !== undefined);
    expect(conditions?.[0]).toMatchObject({ type: 'Synchronizing', status: 'False', reason: 'Error' });
    expect(conditions?.[0]?.message).toContain('no day of the calendar matches it');
    const { info } = await theSchedule(application);
    expect(info).toMatchObject({ nextActionTimes: [], numActionsTaken: 0 });
    await editSource(application, YEARLY);
    await theSchedule(
      application,
      ({ info: now }) => now.nextActionTimes.length > 0 && now.numActionsTaken > 0,
    );
    await application.remove();
  });

  it('goes with the source', async () => {
    const application = await aNamespace();
    await createSource(application, YEARLY, WAIT);
    await theSchedule(application);
    await world.cluster.sources.delete(application.source);
    await vi.waitUntil(async () => (await findSchedule(application)) === undefined, PATIENCE);
    await application.remove();
  });

  it('does not exist for a source that somebody else serves', async () => {
    const application = await aNamespace();
    await createSource(application, {
      ...YEARLY,
      restic: undefined,
      external: { provider: 'example.com/other' },
    });
    await createSource(application, YEARLY, WAIT, 'ours');
    await vi.waitUntil(() => findSchedule(application, 'ours'), PATIENCE);
    expect(await findSchedule(application)).toBeUndefined();
    await application.remove();
  });
});

describe.concurrent('a sync outside the times', () => {
  it('starts once for each manual tag', async () => {
    const application = await aNamespace();
    await createSource(application, { trigger: { manual: 'tag-1' } });
    const first = await theSchedule(application, ({ info }) => info.numActionsTaken === 1 && ended(info));
    expect(first.action.memo).toEqual({ lastRequest: 'manual tag-1' });
    await editSource(application, { trigger: { manual: 'tag-2' } });
    const second = await theSchedule(application, ({ info }) => info.numActionsTaken === 2);
    expect(second.action.memo).toEqual({ lastRequest: 'manual tag-2' });
    await application.remove();
  });

  it('starts once at the creation of the source, however often the source changes', async () => {
    const { application } = await aWaitingSync(world);
    await editSource(application, { trigger: { schedule: '@yearly' } });
    const { info } = await theSchedule(
      application,
      ({ spec }) => spec.calendars?.[0]?.month[0]?.start === 'JANUARY',
    );
    expect(info.numActionsTaken).toBe(1);
    expect(info.runningActions).toHaveLength(1);
    await application.remove();
  });

  it('does not start at the creation of a source whose first sync is to wait', async () => {
    const application = await aNamespace();
    await createSource(application, YEARLY, WAIT);
    expect((await theSchedule(application)).info.numActionsTaken).toBe(0);
    await application.remove();
  });
});

describe.concurrent('a sync that waits for its trigger', () => {
  it('ends and releases the application when its source is deleted', async () => {
    const { application } = await aWaitingSync(world);
    const run = await application.latestRun();
    await world.cluster.sources.delete(application.source);
    await application.copyStatus('Failed');
    await expect(application.report(run)).rejects.toThrow();
    await vi.waitUntil(async () => (await findSchedule(application)) === undefined, PATIENCE);
    await application.remove();
  });

  it('gives way to the sync of a source that was created anew under the same name', async () => {
    const { application } = await aWaitingSync(world);
    const old = await application.latestRun();
    await world.cluster.sources.delete(application.source);
    const anew = await application.replicate({ copyMethod: 'Snapshot' });
    await expect(application.report(old)).rejects.toThrow();
    const schedule = await theSchedule(
      application,
      ({ action }) => (action.args?.[0] as ReplicationSource['metadata'])?.uid === anew.metadata.uid,
    );
    expect(schedule.action.workflowId).toBe(sourceScheduleId(application.source));
    await application.copyStatus('WaitingForTrigger');
    await vi.waitUntil(async () => (await application.latestRun()) !== old, PATIENCE);
    await application.remove();
  });
});

async function aNamespace(): Promise<Application> {
  const application = new Application(world);
  await world.cluster.namespaces.create({ metadata: { name: application.namespace } });
  return application;
}

// eslint-disable-next-line max-params -- what is said about a source
function createSource(
  application: Application,
  spec: object,
  annotations = {},
  name = application.source.name,
) {
  const whole = { sourcePVC: 'data-pvc', restic: { repository: 'restic-secret' }, ...spec };
  return world.cluster.sources.create({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { namespace: application.namespace, name, annotations },
    spec: JSON.parse(JSON.stringify(whole)) as ReplicationSourceSpec,
  });
}

function editSource(application: Application, spec: ReplicationSourceSpec) {
  return world.cluster.sources.patch(application.source, { spec });
}

function handleOf(application: Application, name = application.source.name) {
  return world.temporal.schedule.getHandle(sourceScheduleId({ namespace: application.namespace, name }));
}

/** Resolves once the schedule is there and as wanted. */
async function theSchedule(
  application: Application,
  wanted: (schedule: ScheduleDescription) => boolean = () => true,
): Promise<ScheduleDescription> {
  return vi.waitUntil(async () => {
    const schedule = await findSchedule(application);
    return schedule !== undefined && wanted(schedule) ? schedule : undefined;
  }, PATIENCE);
}

async function findSchedule(
  application: Application,
  name?: string,
): Promise<ScheduleDescription | undefined> {
  return handleOf(application, name)
    .describe()
    .catch(() => undefined);
}

function ended(info: ScheduleDescription['info']): boolean {
  return info.runningActions.length === 0;
}
