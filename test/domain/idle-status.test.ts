import { describe, expect, it } from 'vitest';
import { ReplicationDestination } from '../../api/replication-destination.ts';
import { ReplicationSource } from '../../api/replication-source.ts';
import { idleStatus } from '../../domain/idle-status.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const synced = { lastSyncTime: '2026-01-01T00:00:00Z', nextSyncTime: '2026-01-01T01:00:00Z' };

describe('the status of an idle source', () => {
  it('is left alone when it is right', () => {
    expect(idleStatus(aSource('@hourly', synced), now)).toBeUndefined();
  });

  it('shows the new time after an edit of the schedule', () => {
    expect(idleStatus(aSource('*/15 * * * *', synced), now)?.patch).toEqual({
      nextSyncTime: '2026-01-01T00:15:00Z',
    });
  });

  it('shows no time once a manual tag has taken the place of the schedule', () => {
    expect(idleStatus(aSource('@hourly', synced, { manual: 'tag' }), now)?.patch).toEqual({
      nextSyncTime: null,
    });
  });

  it('shows no time before the first sync has ended, as in VolSync', () => {
    expect(idleStatus(aSource('@hourly', {}), now)).toBeUndefined();
  });

  it('is the sync’s own while one runs', () => {
    expect(
      idleStatus(aSource('@hourlyfoo', { lastSyncStartTime: '2026-01-01T00:00:00Z' }), now),
    ).toBeUndefined();
  });
});

describe('a schedule that cannot be read', () => {
  const complaint = idleStatus(aSource('@hourlyfoo', synced), now);
  const complained = { ...synced, nextSyncTime: undefined, conditions: complaint?.patch.conditions };

  it('is said in the condition and to the owner, and no time is shown', () => {
    expect(complaint?.complaint).toContain('test-ns/test-rs');
    expect(complaint?.patch).toEqual({
      nextSyncTime: null,
      conditions: [
        {
          type: 'Synchronizing',
          status: 'False',
          reason: 'Error',
          message: complaint?.complaint,
          lastTransitionTime: '2026-01-01T00:10:00Z',
        },
      ],
    });
  });

  it('is said once', () => {
    expect(idleStatus(aSource('@hourlyfoo', complained), now)).toBeUndefined();
  });

  it('is taken back when it can be read again', () => {
    const repaired = idleStatus(aSource('@hourly', complained), now + 60_000);
    expect(repaired?.complaint).toBeUndefined();
    expect(repaired?.patch).toMatchObject({
      nextSyncTime: '2026-01-01T01:00:00Z',
      conditions: [{ reason: 'WaitingForSchedule', lastTransitionTime: '2026-01-01T00:10:00Z' }],
    });
  });

  it('does not take back another complaint', () => {
    const conditions = [
      {
        type: 'Synchronizing',
        status: 'False',
        reason: 'Error',
        message: 'Secret x is missing',
        lastTransitionTime: synced.lastSyncTime,
      },
    ];
    expect(idleStatus(aSource('@hourly', { ...synced, conditions }), now)).toBeUndefined();
  });
});

describe('the status of an idle destination', () => {
  const destination = (schedule: string): ReplicationDestination => {
    const { spec: { sourcePVC: _, ...spec } = {}, metadata, status } = aSource(schedule, synced);
    return ReplicationDestination.parse({ kind: 'ReplicationDestination', metadata, spec, status });
  };

  it('says in the same words when its next sync is due', () => {
    expect(idleStatus(destination('*/15 * * * *'), now)?.patch).toEqual({
      nextSyncTime: '2026-01-01T00:15:00Z',
    });
  });

  it('names the destination where its schedule cannot be read', () => {
    expect(idleStatus(destination('@hourlyfoo'), now)?.complaint).toContain(
      'ReplicationDestination test-ns/test-rs',
    );
  });
});

function aSource(schedule: string, status: object, trigger: object = {}): ReplicationSource {
  return ReplicationSource.parse({
    metadata: { namespace: 'test-ns', name: 'test-rs', uid: 'uid-1' },
    spec: { sourcePVC: 'data-pvc', restic: {}, trigger: { schedule, ...trigger } },
    status: JSON.parse(JSON.stringify(status)),
  });
}
