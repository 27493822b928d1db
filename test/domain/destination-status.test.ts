import { describe, expect, it } from 'vitest';
import { ReplicationDestination } from '../../api/replication-destination.ts';
import type { Moved } from '../../api/sync.ts';
import {
  connectionPublished,
  destinationSucceeded,
  latestImage,
  latestSnapshot,
} from '../../domain/destination-status.ts';
import { idleStatus } from '../../domain/idle-status.ts';
import { cleanedUp, syncFailed, syncStarted } from '../../domain/sync-status.ts';

const STARTED = '2026-07-02T10:00:00Z';
const ENDED = Date.parse('2026-07-02T10:14:07.312Z');
const ENDED_TIME = '2026-07-02T10:14:07Z';
const SCHEDULED = { trigger: { schedule: '*/30 * * * *' } };
const IMAGE = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-20260702101407' };

describe('the status of a destination whose sync begins', () => {
  it('says since when, in the words of VolSync', () => {
    expect(syncStarted(aDestination(), STARTED)).toEqual({
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
    const { conditions } = syncStarted(aDestination(), STARTED) as never;
    const again = syncStarted(aDestination({ status: { conditions } }), ENDED_TIME);
    expect(again).toMatchObject({ conditions: [{ lastTransitionTime: STARTED }] });
  });
});

describe('where the source connects', () => {
  it.each([
    ['rsync-tls', { rsyncTLS: { address: '10.0.0.1', keySecret: 'ours' } }],
    ['rsync', { rsync: { address: '10.0.0.1', sshKeys: 'ours' } }],
  ] as const)('is said once by %s, with the Secret that was made', (mover, status) => {
    const connection = { mover, address: '10.0.0.1', secretName: 'ours' };
    expect(connectionPublished(aDestination(), connection)).toEqual(status);
    expect(connectionPublished(aDestination({ status }), connection)).toBeUndefined();
  });

  it('follows the address', () => {
    const status = { rsyncTLS: { address: '10.0.0.1', keySecret: 'ours' } };
    const moved = { mover: 'rsync-tls', address: '10.0.0.2', secretName: 'ours' } as const;
    expect(connectionPublished(aDestination({ status }), moved)).toMatchObject({
      rsyncTLS: { address: '10.0.0.2' },
    });
  });

  it('names no Secret of ours once the owner gives one', () => {
    const status = { rsync: { address: '10.0.0.1', sshKeys: 'ours' } };
    const given = { mover: 'rsync', address: '10.0.0.1' } as const;
    expect(connectionPublished(aDestination({ status }), given)).toMatchObject({ rsync: { sshKeys: null } });
  });
});

describe('the status of a destination that has received everything', () => {
  it('has VolSync’s fields, its times, Go’s duration, and the image', () => {
    expect(succeeded(aDestination({ spec: SCHEDULED }))).toEqual({
      lastSyncStartTime: null,
      lastSyncTime: ENDED_TIME,
      lastSyncDuration: '14m7.312s',
      nextSyncTime: '2026-07-02T10:30:00Z',
      lastManualSync: '',
      latestImage: IMAGE,
      latestMoverStatus: { result: 'Successful', logs: 'Restic completed in 9s' },
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

  it('is one that the schema of a status accepts', () => {
    const { lastSyncStartTime: _, nextSyncTime: __, ...status } = succeeded(aDestination());
    expect(aDestination({ status }).status).toEqual(status);
  });

  it('answers the tag that the run was started with, not one that was set since (SM-11)', () => {
    const destination = aDestination({ spec: { trigger: { manual: 'tag-2' } } });
    expect(succeeded(destination, { trigger: { manual: 'tag-1' } })).toMatchObject({
      lastManualSync: 'tag-1',
      nextSyncTime: null,
    });
  });

  it('reads the next time in the zone of the destination', () => {
    const annotations = { 'stillpoint.dev/time-zone': 'Europe/Berlin' };
    const spec = { trigger: { schedule: '0 4 * * *' } };
    expect(succeeded(aDestination({ spec, annotations }))).toMatchObject({
      nextSyncTime: '2026-07-03T02:00:00Z',
    });
  });

  it('has no next time when the schedule cannot be read (SM-12)', () => {
    expect(succeeded(aDestination({ spec: { trigger: { schedule: '61 99 * * *' } } }))).toMatchObject({
      nextSyncTime: null,
    });
  });

  it.each([
    [{ schedule: '@daily' }, 'WaitingForSchedule', 'Waiting for next scheduled synchronization'],
    [{ manual: 'once' }, 'WaitingForManual', 'Waiting for manual trigger'],
  ])('says what the next one waits for once nothing is left of this one: %j', (trigger, reason, message) => {
    const { conditions } = succeeded(aDestination()) as never;
    const tidied = aDestination({ spec: { trigger }, status: { conditions } });
    expect(cleanedUp(tidied, ENDED)).toMatchObject({
      conditions: [{ status: 'False', reason, message }],
    });
    expect(cleanedUp(aDestination(), ENDED)).toBeUndefined();
  });
});

describe('the condition of a destination', () => {
  it('keeps its time unless it flips', () => {
    const before = {
      type: 'Synchronizing',
      reason: 'Error',
      message: 'no Secret',
      lastTransitionTime: STARTED,
    };
    const status = (running: 'True' | 'False') => ({ conditions: [{ ...before, status: running }] });
    expect(succeeded(aDestination({ status: status('True') }))).toMatchObject({
      conditions: [{ lastTransitionTime: ENDED_TIME }],
    });
    expect(succeeded(aDestination({ status: status('False') }))).toMatchObject({
      conditions: [{ lastTransitionTime: STARTED }],
    });
  });
});

describe('the image of a destination', () => {
  it.each([
    ['Snapshot', { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'image' }, 'image'],
    ['Direct', { apiGroup: '', kind: 'PersistentVolumeClaim', name: 'image' }, undefined],
  ] as const)('is named as VolSync does with %s', (copyMethod, image, snapshot) => {
    expect(latestImage(copyMethod, 'image')).toEqual(image);
    expect(latestSnapshot(aDestination({ status: { latestImage: image } }))).toBe(snapshot);
  });

  it('is none before the first sync has succeeded', () => {
    expect(latestSnapshot(aDestination())).toBeUndefined();
  });
});

describe('the status of a destination whose sync fails', () => {
  it('says why, and leaves the last good image and time as they were', () => {
    const status = syncFailed(aDestination({ spec: SCHEDULED }), { message: 'no Secret' }, ENDED);
    expect(status).toMatchObject({
      lastSyncStartTime: null,
      nextSyncTime: '2026-07-02T10:30:00Z',
      latestMoverStatus: { result: 'Failed', logs: 'no Secret' },
      conditions: [{ status: 'False', reason: 'Error', message: 'no Secret' }],
    });
    expect(status).not.toHaveProperty('latestImage');
    expect(status).not.toHaveProperty('lastSyncTime');
  });
});

describe('the status of an idle destination', () => {
  const synced = { lastSyncTime: STARTED, nextSyncTime: '2026-07-02T10:30:00Z' };

  it('is left alone when it is right, and while a sync runs', () => {
    expect(idleStatus(aDestination({ spec: SCHEDULED, status: synced }), ENDED)).toBeUndefined();
    const spec = { trigger: { schedule: '@hourlyfoo' } };
    expect(idleStatus(aDestination({ spec, status: { lastSyncStartTime: STARTED } }), ENDED)).toBeUndefined();
  });

  it('shows the new time after an edit of the schedule', () => {
    const edited = aDestination({ spec: { trigger: { schedule: '@hourly' } }, status: synced });
    expect(idleStatus(edited, ENDED)?.patch).toEqual({ nextSyncTime: '2026-07-02T11:00:00Z' });
  });

  it('is none of ours when somebody else serves it', () => {
    const spec = { ...SCHEDULED, external: {} };
    expect(idleStatus(aDestination({ spec, status: { lastSyncTime: STARTED } }), ENDED)).toBeUndefined();
  });

  it('complains once, by its own name, of a schedule that cannot be read, and takes it back', () => {
    const spec = { trigger: { schedule: '@hourlyfoo' } };
    const idle = idleStatus(aDestination({ spec, status: synced }), ENDED);
    expect(idle?.complaint).toMatch(/^ReplicationDestination shop\/orders: no sync can be scheduled: /);
    expect(idle?.patch).toMatchObject({
      nextSyncTime: null,
      conditions: [{ status: 'False', reason: 'Error', message: idle?.complaint }],
    });
    const complained = { lastSyncTime: STARTED, conditions: idle?.patch.conditions };
    expect(idleStatus(aDestination({ spec, status: complained }), ENDED)).toBeUndefined();
    expect(idleStatus(aDestination({ spec: SCHEDULED, status: complained }), ENDED)?.patch).toMatchObject({
      nextSyncTime: '2026-07-02T10:30:00Z',
      conditions: [{ reason: 'WaitingForSchedule' }],
    });
  });
});

function succeeded(destination: ReplicationDestination, spec: Readonly<Record<string, unknown>> = {}) {
  const moved: Moved = { durationMs: 9_000, logs: 'Restic completed in 9s', actions: ['restore'] };
  return destinationSucceeded(destination, { startTime: STARTED, spec }, { image: IMAGE, moved, now: ENDED });
}

interface Wish {
  readonly spec?: object;
  readonly status?: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

function aDestination({ spec = {}, status, annotations }: Wish = {}): ReplicationDestination {
  return ReplicationDestination.parse({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationDestination',
    metadata: { namespace: 'shop', name: 'orders', ...(annotations && { annotations }) },
    spec,
    ...(status && { status }),
  });
}
