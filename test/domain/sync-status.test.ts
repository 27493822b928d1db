import { describe, expect, it } from 'vitest';
import { ReplicationSource } from '../../api/replication-source.ts';
import type { Moved, SyncPlan } from '../../api/sync.ts';
import {
  cleanedUp,
  syncFailed,
  syncStarted,
  syncSucceeded,
  triggerCame,
  triggerOverdue,
} from '../../domain/sync-status.ts';

const STARTED = '2026-07-02T10:00:00Z';
const ENDED = Date.parse('2026-07-02T10:14:07.312Z');
const ENDED_TIME = '2026-07-02T10:14:07Z';

describe('the status of a sync that begins', () => {
  it('says since when, and nothing of the sync before', () => {
    expect(syncStarted(aSource(), STARTED)).toEqual({
      lastSyncStartTime: STARTED,
      conditions: [
        {
          type: 'Synchronizing',
          status: 'True',
          reason: 'SyncInProgress',
          message: 'Synchronization in-progress',
          lastTransitionTime: STARTED,
        },
      ],
    });
  });

  it('flips the condition once, however often it begins', () => {
    const { conditions } = syncStarted(aSource(), STARTED) as never;
    const again = syncStarted(aSource({ status: { conditions } }), ENDED_TIME);
    expect(again).toMatchObject({ conditions: [{ lastTransitionTime: STARTED }] });
  });
});

describe('an overdue trigger', () => {
  const overdue = triggerOverdue('data-pvc');

  it('is an error in the words of VolSync', () => {
    expect(overdue).toEqual({
      latestMoverStatus: {
        result: 'Failed',
        logs: 'Timed out waiting for copy-trigger to be modified for pvc data-pvc',
      },
    });
  });

  it('is taken back when the trigger comes', () => {
    expect(triggerCame(aSource({ status: overdue }), 'data-pvc')).toEqual({ latestMoverStatus: null });
  });

  it('takes no other error with it', () => {
    const latestMoverStatus = { result: 'Failed', logs: 'wrong password' };
    expect(triggerCame(aSource({ status: { latestMoverStatus } }), 'data-pvc')).toBeUndefined();
    expect(triggerCame(aSource(), 'data-pvc')).toBeUndefined();
  });
});

describe('the status of a sync that ends well', () => {
  it('has VolSync’s fields, its times, and Go’s duration', () => {
    expect(succeeded(aSource())).toEqual({
      lastSyncStartTime: null,
      lastSyncTime: ENDED_TIME,
      lastSyncDuration: '14m7.312s',
      nextSyncTime: '2026-07-02T10:30:00Z',
      lastManualSync: '',
      latestMoverStatus: { result: 'Successful', logs: 'snapshot 1a2b3c4d saved' },
      lastCopy: {
        consistency: null,
        by: null,
        trigger: 't1',
        askedTime: null,
        triggeredTime: null,
        cutTime: null,
        releasedTime: null,
        freeze: '1.25s',
      },
      restic: { lastUnlocked: null },
      conditions: [
        {
          type: 'Synchronizing',
          status: 'False',
          reason: 'CleaningUp',
          message: 'Cleaning up',
          lastTransitionTime: ENDED_TIME,
        },
      ],
    });
  });

  it.each([
    [{ schedule: '@daily' }, 'WaitingForSchedule', 'Waiting for next scheduled synchronization'],
    [{ manual: 'tag-1' }, 'WaitingForManual', 'Waiting for manual trigger'],
  ])('says what the next one waits for once nothing is left of this one: %j', (trigger, reason, message) => {
    const { conditions } = succeeded(aSource({ spec: { trigger } })) as never;
    const tidied = aSource({ spec: { trigger }, status: { conditions } });
    expect(cleanedUp(tidied, ENDED)).toMatchObject({ conditions: [{ status: 'False', reason, message }] });
    expect(cleanedUp(aSource(), ENDED)).toBeUndefined();
  });

  it('answers the tag that the plan was made with, not one that was set since (SM-11)', () => {
    const source = aSource({ spec: { trigger: { manual: 'tag-2' } } });
    const status = succeeded(source, { trigger: { manual: 'tag-1' } });
    expect(status).toMatchObject({
      lastManualSync: 'tag-1',
      nextSyncTime: null,
    });
  });

  it.each([
    ['0 0 31 2 *', {}],
    ['61 99 * * *', {}],
    ['@daily', { 'stillpoint.dev/time-zone': 'Middle/Earth' }],
  ])('has no next time when %s %j cannot be read (SM-12)', (schedule, annotations) => {
    expect(succeeded(aSource({ spec: { trigger: { schedule } }, annotations }))).toMatchObject({
      nextSyncTime: null,
    });
  });

  it('reads the next time in the zone of the source', () => {
    const annotations = { 'stillpoint.dev/time-zone': 'Europe/Berlin' };
    const source = aSource({ spec: { trigger: { schedule: '0 4 * * *' } }, annotations });
    expect(succeeded(source)).toMatchObject({ nextSyncTime: '2026-07-03T02:00:00Z' });
  });

  it('has no next time for a source without schedule', () => {
    expect(succeeded(aSource({ spec: {} }))).toMatchObject({ nextSyncTime: null, lastManualSync: '' });
  });
});

describe('the status of restic', () => {
  const source = aSource();

  it('says pruned when the Job has pruned, and nothing of it otherwise (MV-7)', () => {
    expect(succeeded(source, {}, ['backup', 'prune'])).toMatchObject({ restic: { lastPruned: ENDED_TIME } });
    expect(succeeded(source, {}, ['backup'])['restic']).not.toHaveProperty('lastPruned');
  });

  it('says unlocked with the word that the Job was started with', () => {
    const restic = { unlock: 'now' };
    expect(succeeded(source, { restic }, ['unlock', 'backup'])).toMatchObject({
      restic: { lastUnlocked: 'now' },
    });
    expect(succeeded(source, { restic }, ['backup'])['restic']).not.toHaveProperty('lastUnlocked');
  });

  it('forgets the word when the source has none any more', () => {
    expect(succeeded(source, { restic: {} })).toMatchObject({ restic: { lastUnlocked: null } });
  });
});

describe('the status of a sync that fails', () => {
  it('says why, when the next one is due, and leaves the last good one as it was', () => {
    const status = syncFailed(aSource(), { message: 'Secret a/b does not exist' }, ENDED);
    expect(status).toEqual({
      lastSyncStartTime: null,
      nextSyncTime: '2026-07-02T10:30:00Z',
      latestMoverStatus: { result: 'Failed', logs: 'Secret a/b does not exist' },
      conditions: [
        {
          type: 'Synchronizing',
          status: 'False',
          reason: 'Error',
          message: 'Secret a/b does not exist',
          lastTransitionTime: ENDED_TIME,
        },
      ],
    });
  });

  it('shows the log of the mover where there is one', () => {
    const status = syncFailed(aSource(), { message: 'the mover failed', logs: 'wrong password' }, ENDED);
    expect(status).toMatchObject({ latestMoverStatus: { logs: 'wrong password' } });
  });
});

function succeeded(source: ReplicationSource, spec: object = {}, actions: readonly string[] = ['backup']) {
  const moved: Moved = { durationMs: 1_000, logs: 'snapshot 1a2b3c4d saved', actions };
  return syncSucceeded(source, aPlan(spec), { copy: { trigger: 't1', freezeMs: 1_250 }, moved, now: ENDED });
}

function aPlan(spec: object): SyncPlan {
  return { startTime: STARTED, mover: 'restic', spec } as unknown as SyncPlan;
}

interface Wish {
  readonly spec?: object;
  readonly status?: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

function aSource({ spec = { trigger: { schedule: '*/30 * * * *' } }, status, annotations }: Wish = {}) {
  return ReplicationSource.parse({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { namespace: 'shop', name: 'orders', ...(annotations && { annotations }) },
    spec,
    ...(status && { status }),
  });
}
