import { describe, expect, it } from 'vitest';
import { ReplicationSource } from '../../api/replication-source.ts';
import { syncDeadline } from '../../domain/sync-deadline.ts';

const LAST = '2026-01-01T09:35:00Z';
const HALF_HOURLY = { schedule: '*/30 * * * *' };

describe('the next sync has to be complete', () => {
  it('before the slot that follows its own', () => {
    expect(deadline(HALF_HOURLY)).toBe('2026-01-01T10:30:00.000Z');
  });

  it('in the time zone of the source', () => {
    const nightly = { schedule: '0 1 * * *' };
    expect(deadline(nightly, { 'stillpoint.dev/time-zone': 'Europe/Berlin' })).toBe(
      '2026-01-03T00:00:00.000Z',
    );
  });

  it('at no time when nothing is due by a schedule', () => {
    expect(deadline({ ...HALF_HOURLY, manual: 'tag-1' })).toBeUndefined();
    expect(deadline({})).toBeUndefined();
    expect(deadline({ schedule: '@hourlyfoo' })).toBeUndefined();
  });

  it('at no time before there was a first one', () => {
    expect(syncDeadline(aSource(HALF_HOURLY, {}, {}))).toBeUndefined();
  });
});

function deadline(trigger: object, annotations = {}): string | undefined {
  const time = syncDeadline(aSource(trigger, annotations, { lastSyncTime: LAST }));
  return time === undefined ? undefined : new Date(time).toISOString();
}

function aSource(trigger: object, annotations: object, status: object): ReplicationSource {
  return ReplicationSource.parse({
    metadata: { namespace: 'shop', name: 'orders', uid: 'uid-1', annotations },
    spec: { sourcePVC: 'data', trigger, restic: {} },
    status,
  });
}
