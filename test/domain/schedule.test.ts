import { describe, expect, it } from 'vitest';
import { ReplicationDestination } from '../../api/replication-destination.ts';
import { ReplicationSource } from '../../api/replication-source.ts';
import { planSchedule, triggerKind, wantedSchedule } from '../../domain/schedule.ts';
import type { FoundSchedule } from '../../domain/schedule.ts';

describe('the schedule of a source', () => {
  it('is named after its source and tells people what it does', () => {
    expect(wantedSchedule(aSource())).toMatchObject({
      scheduleId: 'source/test-ns/test-rs',
      workflowType: 'syncSource',
      ref: { namespace: 'test-ns', name: 'test-rs', uid: 'uid-1' },
      cron: ['*/30 * * * *'],
      timeZone: 'UTC',
      jitterMs: 0,
      paused: false,
      searchAttributes: { SyncSource: 'test-ns/test-rs', SyncPvc: 'test-ns/data-pvc', SyncMover: 'restic' },
      summary: 'test-ns/test-rs: data-pvc → restic',
    });
  });

  it('has no times for a manual source, even if a schedule is set too', () => {
    const source = aSource({ trigger: { manual: 'tag-1', schedule: '@daily' } });
    expect(triggerKind(source)).toBe('manual');
    expect(wantedSchedule(source)?.cron).toEqual([]);
  });

  it.each([{}, { trigger: {} }, { trigger: { manual: '' } }])(
    'has no times where syncs follow each other: %j',
    (spec) => {
      const source = aSource({ trigger: undefined, ...spec });
      expect(triggerKind(source)).toBe('none');
      expect(wantedSchedule(source)?.cron).toEqual([]);
    },
  );

  it('is paused with its source', () => {
    expect(wantedSchedule(aSource({ paused: true }))?.paused).toBe(true);
  });

  it('takes its settings from annotations of the source', () => {
    const source = aSource({}, { 'time-zone': 'Europe/Berlin', jitter: '90s', 'catch-up-window': '1h' });
    expect(wantedSchedule(source)).toMatchObject({
      timeZone: 'Europe/Berlin',
      jitterMs: 90_000,
      catchupWindowMs: 3_600_000,
    });
  });

  it('prefers the zone that the schedule itself brings', () => {
    const source = aSource(
      { trigger: { schedule: 'TZ=America/New_York 0 9 * * *' } },
      { 'time-zone': 'Europe/Berlin' },
    );
    expect(wantedSchedule(source)).toMatchObject({ timeZone: 'America/New_York', cron: ['0 9 * * *'] });
  });

  it.each([
    [{ trigger: { schedule: '0 0 31 2 *' } }, {}, 'spec.trigger.schedule: schedule "0 0 31 2 *"'],
    [{}, { 'time-zone': 'Mars/Olympus' }, 'annotation stillpoint.dev/time-zone is "Mars/Olympus"'],
    [{}, { jitter: 'much' }, 'annotation stillpoint.dev/jitter is "much"'],
    [{}, { 'catch-up-window': '5s' }, 'annotation stillpoint.dev/catch-up-window is "5s"'],
  ])('has no times and says why when they cannot be read: %j %j', (spec, annotations, reason) => {
    const wanted = wantedSchedule(aSource(spec, annotations));
    expect(wanted?.cron).toEqual([]);
    expect(wanted?.refusal).toContain(reason);
  });
});

describe('the revision of a source’s schedule', () => {
  // As written by the versions in the field: another one would have every schedule written anew after an upgrade.
  it.each([
    ['56526fd7', { restic: {} }, {}],
    ['1871bca7', { restic: {}, trigger: { manual: 'tag-1' }, paused: true }, {}],
    ['cd557531', { restic: undefined, trigger: undefined, rsyncTLS: {} }, {}],
    ['20c5e1da', { restic: {} }, { 'time-zone': 'Europe/Berlin', jitter: '90s', 'catch-up-window': '1h' }],
    ['1716626a', { restic: {}, trigger: { schedule: '0 0 31 2 *' } }, {}],
    ['6d04391b', { restic: undefined, sourcePVC: undefined }, {}],
  ])('is %s for ever: %j %j', (revision, spec, annotations) => {
    expect(wantedSchedule(aSource(spec, annotations))?.revision).toBe(revision);
  });
});

describe('the schedule of a destination', () => {
  it('is named after it, starts the other workflow, and tells people what it does', () => {
    const wanted = wantedSchedule(aDestination());
    expect(wanted).toMatchObject({
      scheduleId: 'destination/test-ns/test-rd',
      workflowType: 'syncDestination',
      ref: { namespace: 'test-ns', name: 'test-rd', uid: 'uid-1' },
      cron: ['0 4 * * *'],
      searchAttributes: {
        SyncSource: 'test-ns/test-rd',
        SyncPvc: 'test-ns/volsync-test-rd-dest',
        SyncMover: 'restic',
      },
      summary: 'test-ns/test-rd: restic → volsync-test-rd-dest',
    });
    expect(wanted?.details).toContain('ReplicationDestination `test-ns/test-rd` fills PVC');
    expect(wanted?.details).toContain('describe replicationdestination test-rd');
  });

  it.each([
    ['restored', { restic: { destinationPVC: 'restored' } }],
    ['volsync-test-rd-dst', { restic: undefined, rsyncTLS: {} }],
    ['none', { restic: undefined }],
  ])('names the PVC that receives: %s', (pvc, spec) => {
    expect(wantedSchedule(aDestination(spec))?.searchAttributes.SyncPvc).toBe(`test-ns/${pvc}`);
  });

  it('differs from that of a source of the same name', () => {
    const [source, destination] = [aSource(), aDestination()];
    const { kind: _, ...same } = { ...destination, metadata: source.metadata };
    expect(wantedSchedule({ ...same, kind: 'ReplicationDestination' })?.revision).not.toBe(
      wantedSchedule(source)?.revision,
    );
  });

  it('does not exist where somebody else serves it', () => {
    expect(wantedSchedule(aDestination({ restic: undefined, external: {} }))).toBeUndefined();
  });
});

describe('planning', () => {
  it('creates the schedule of a new source', () => {
    expect(planSchedule(aSource(), undefined).do).toBe('create');
  });

  it('keeps the schedule when all is as it was', () => {
    expect(planSchedule(aSource(), found(aSource())).do).toBe('keep');
  });

  it('keeps the schedule when only what the source reports has changed', () => {
    const synced = { ...aSource(), status: { lastSyncTime: '2026-01-01T00:00:00Z', lastManualSync: 'tag' } };
    expect(planSchedule(synced, found(aSource())).do).toBe('keep');
  });

  it.each([
    ['its schedule', aSource({ trigger: { schedule: '@daily' } })],
    ['its pvc', aSource({ sourcePVC: 'other-pvc' })],
    ['its mover', aSource({ restic: undefined, rclone: {} })],
    ['paused', aSource({ paused: true })],
    ['its jitter', aSource({}, { jitter: '1m' })],
    ['its time zone', aSource({}, { 'time-zone': 'Europe/Berlin' })],
    ['a schedule that cannot be read', aSource({ trigger: { schedule: '@hourlyfoo' } })],
  ])('updates the schedule when the source has changed %s', (_, edited) => {
    expect(planSchedule(edited, found(aSource())).do).toBe('update');
  });

  it('replaces the schedule of a source that was created anew under the same name', () => {
    const anew = aSource();
    expect(planSchedule({ ...anew, metadata: { ...anew.metadata, uid: 'uid-2' } }, found(aSource())).do).toBe(
      'replace',
    );
  });

  it('deletes the schedule of a source that is gone', () => {
    expect(planSchedule(undefined, found(aSource())).do).toBe('delete');
  });

  it('deletes the schedule of a source that is being deleted', () => {
    const source = aSource();
    const leaving = {
      ...source,
      metadata: { ...source.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(planSchedule(leaving, found(source)).do).toBe('delete');
  });

  it('leaves alone a source that others serve', () => {
    const foreign = aSource({ restic: undefined, external: { provider: 'example.com/x' } });
    expect(planSchedule(foreign, undefined).do).toBe('nothing');
    expect(planSchedule(foreign, found(aSource())).do).toBe('delete');
  });

  it.each([{}, { syncthing: {} }])(
    'keeps a schedule for a source without a mover of ours, so that its sync can tell the owner: %j',
    (spec) => {
      expect(planSchedule(aSource({ restic: undefined, ...spec }), undefined).do).toBe('create');
    },
  );

  it('does nothing where there is neither', () => {
    expect(planSchedule(undefined, undefined).do).toBe('nothing');
  });
});

function aSource(
  spec: Record<string, unknown> = {},
  annotations: Record<string, string> = {},
): ReplicationSource {
  const ours = Object.entries(annotations).map(([key, value]) => [`stillpoint.dev/${key}`, value]);
  const whole = {
    sourcePVC: 'data-pvc',
    trigger: { schedule: '*/30 * * * *' },
    restic: { repository: 'restic-secret' },
    ...spec,
  };
  return ReplicationSource.parse({
    metadata: { namespace: 'test-ns', name: 'test-rs', uid: 'uid-1', annotations: Object.fromEntries(ours) },
    spec: Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined)),
  });
}

function aDestination(spec: Record<string, unknown> = {}): ReplicationDestination {
  const whole = { trigger: { schedule: '0 4 * * *' }, restic: { repository: 'restic-secret' }, ...spec };
  return ReplicationDestination.parse({
    kind: 'ReplicationDestination',
    metadata: { namespace: 'test-ns', name: 'test-rd', uid: 'uid-1' },
    spec: Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined)),
  });
}

function found(source: ReplicationSource): FoundSchedule {
  return { uid: source.metadata.uid, revision: wantedSchedule(source)?.revision };
}
