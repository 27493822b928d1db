// The status of a source, field by field as VolSync writes it (reference/VolSync §1.11), written only when it changes,
// and the events beside it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { durationMs } from '../../domain/duration.ts';
import { aWaitingSync, anApplication, createSource, edit, eventsOf, latestRun } from './window-scenario.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Status = NonNullable<ReplicationSource['status']>;

const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe.concurrent('the status of a source', () => {
  it('is VolSync’s in each field through one scheduled cycle, plus lastCopy', async () => {
    const application = new Application(world);
    await application.install({ [A.useCopyTrigger]: '' });
    await application.shell('echo one > /data/records; sync');
    await createSource(application);
    await application.copyStatus('WaitingForTrigger');
    const waiting = await application.sourceStatus(
      ({ lastSyncStartTime }) => lastSyncStartTime !== undefined,
    );
    expect(waiting).toEqual({
      lastSyncStartTime: expect.stringMatching(WHOLE_SECONDS),
      conditions: [
        {
          type: 'Synchronizing',
          status: 'True',
          reason: 'SyncInProgress',
          message: 'Synchronization in-progress',
          lastTransitionTime: waiting.lastSyncStartTime,
        },
      ],
    });
    await application.setTrigger('t1');
    await application.report(await latestRun(application));

    const ended = await application.sourceStatus(reason('WaitingForSchedule'));
    expect(ended).toEqual({
      lastSyncTime: expect.stringMatching(WHOLE_SECONDS),
      lastSyncDuration: expect.stringMatching(/^(\d+m)?\d+(\.\d+)?s$/),
      nextSyncTime: '2028-02-29T00:00:00Z',
      lastManualSync: '',
      latestMoverStatus: { result: 'Successful', logs: expect.stringMatching(/snapshot [0-9a-f]{8} saved/) },
      restic: {},
      lastCopy: {
        consistency: 'triggered',
        trigger: 't1',
        askedTime: expect.stringMatching(WHOLE_SECONDS),
        triggeredTime: expect.stringMatching(WHOLE_SECONDS),
        cutTime: expect.stringMatching(WHOLE_SECONDS),
        releasedTime: expect.stringMatching(WHOLE_SECONDS),
        freeze: expect.stringMatching(/s$/),
      },
      conditions: [
        {
          type: 'Synchronizing',
          status: 'False',
          reason: 'WaitingForSchedule',
          message: 'Waiting for next scheduled synchronization',
          lastTransitionTime: ended.lastSyncTime,
        },
      ],
    });
    const tookMs = Date.parse(ended.lastSyncTime ?? '') - Date.parse(waiting.lastSyncStartTime ?? '');
    expect(Math.abs((durationMs(ended.lastSyncDuration ?? '') ?? 0) - tookMs)).toBeLessThanOrEqual(1_000);
    expect(inOrder(ended.lastCopy)).toBe(true);
    await application.remove();
  });

  it('is written three times in a sync: when it begins, when its data is moved, when nothing of it is left', async () => {
    const { application, run } = await aWaitingSync(world);
    await application.setTrigger('t1');
    await application.report(run);
    await application.sourceStatus(reason('WaitingForSchedule'));
    const versions = versionsOf(application);
    await application.syncNow();
    await application.copyStatus('WaitingForTrigger');
    await application.setTrigger('t2');
    await application.report(await latestRun(application, run));
    await application.sourceStatus(reason('WaitingForSchedule'));
    expect(versions.map(({ conditions }) => conditions?.[0]?.reason)).toEqual([
      'SyncInProgress',
      'CleaningUp',
      'WaitingForSchedule',
    ]);
    await application.remove();
  });

  it('says how a sync failed, keeps the time of the last good one, and keeps at most 1024 bytes of log', async () => {
    const application = await anApplication(world, {});
    await createSource(application);
    const { lastSyncTime } = await application.sourceStatus((status) => status.lastSyncTime !== undefined);
    await application.kubectl('delete', 'secret/restic-secret');
    await application.syncNow();
    const failed = await application.sourceStatus(({ conditions }) => conditions?.[0]?.reason === 'Error');
    expect(failed).toMatchObject({ lastSyncTime, nextSyncTime: '2028-02-29T00:00:00Z' });
    expect(failed).not.toHaveProperty('lastSyncStartTime');
    expect(failed.latestMoverStatus).toEqual({ result: 'Failed', logs: failed.conditions?.[0]?.message });
    expect(Buffer.byteLength(failed.latestMoverStatus?.logs ?? '')).toBeLessThanOrEqual(1_024);
    await application.remove();
  });

  it('names the trigger that it waits for, through schedule and manual', async () => {
    const application = await anApplication(world, {});
    await createSource(application, { spec: { trigger: { manual: 'tag-1' } } });
    const manual = await application.sourceStatus(reason('WaitingForManual'));
    expect(manual.lastManualSync).toBe('tag-1');
    expect(manual.conditions).toMatchObject([
      { status: 'False', reason: 'WaitingForManual', message: 'Waiting for manual trigger' },
    ]);
    expect(manual).not.toHaveProperty('nextSyncTime');
    await edit(application, { trigger: { manual: null, schedule: '0 0 29 2 *' } });
    await application.sourceStatus(({ nextSyncTime }) => nextSyncTime === '2028-02-29T00:00:00Z');
    await application.syncNow();
    const scheduled = await application.sourceStatus(reason('WaitingForSchedule'));
    expect(scheduled.lastManualSync).toBe('');
    await application.remove();
  });
});

describe.concurrent('the status of the restic mover', () => {
  it('says what the Job really did: unlocked when told to, and pruned when it was time (MV-7)', async () => {
    const application = new Application(world);
    await application.install({});
    await application.shell('echo one > /data/records; sync');
    await createSource(application, { restic: { pruneIntervalDays: 1 } });
    const first = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(first.restic).toEqual({});

    const longAgo = '2026-01-01T00:00:00Z';
    await world.cluster.sources.patchStatus(application.source, {
      status: { restic: { lastPruned: longAgo } },
    });
    await edit(application, { restic: { unlock: 'once' } });
    await application.syncNow();
    const second = await application.sourceStatus(({ restic }) => restic?.lastUnlocked === 'once');
    expect(Date.parse(second.restic?.lastPruned ?? '')).toBeGreaterThan(Date.parse(longAgo));

    await edit(application, { restic: { unlock: null } });
    await application.syncNow();
    const third = await application.sourceStatus(({ restic }) => restic?.lastUnlocked === undefined);
    expect(third.restic?.lastPruned).toBe(second.restic?.lastPruned);
    await application.remove();
  });
});

describe.concurrent('the events of a source', () => {
  it('tell of one copy with VolSync’s reasons, each once', async () => {
    const { application, run } = await aWaitingSync(world);
    await application.setTrigger('t1');
    await application.report(run);
    const reasons = (await eventsOf(application)).map(({ type, reason }) => `${type} ${reason}`);
    expect(reasons.filter((reason) => reason.includes('SrcPVC'))).toEqual([
      'Normal SrcPVCWaitingForCopyTrigger',
      'Normal SrcPVCCopyTriggerReceived',
      'Normal SrcPVCCopyUsingCopyTriggerCompleted',
    ]);
    await application.remove();
  });
});

function reason(wanted: string): (status: Status) => boolean {
  return ({ conditions }) => conditions?.[0]?.reason === wanted;
}

/** Every status that the source shows from now on. */
function versionsOf(application: Application): Status[] {
  const seen = new Map<string | undefined, Status>();
  const { sources } = world.cluster;
  const present = sources.watch().get(application.source)?.metadata.resourceVersion;
  const statuses: Status[] = [];
  sources.watch().subscribe((ref, source) => {
    const version = source?.metadata.resourceVersion;
    if (ref.namespace !== application.namespace || version === present || seen.has(version)) return;
    seen.set(version, source?.status ?? {});
    statuses.push(source?.status ?? {});
  });
  return statuses;
}

function inOrder({ askedTime, triggeredTime, cutTime, releasedTime }: Status['lastCopy'] = {}): boolean {
  const times = [askedTime, triggeredTime, cutTime, releasedTime].map((time) => Date.parse(time ?? ''));
  return times.every((time, index) => index === 0 || time >= (times[index - 1] ?? Number.NaN));
}
