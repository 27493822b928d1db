import { describe, expect, it } from 'vitest';
import { ReplicationSource } from '../../api/replication-source.ts';
import { planStart, syncRequest } from '../../domain/sync-request.ts';
import type { ScheduleRuns } from '../../domain/sync-request.ts';

const SCHEDULE = { schedule: '@daily' };
const MANUAL = { manual: 'tag-2' };
const NONE = {};
const written = Date.parse('2026-01-01T00:00:00Z');

describe('a source asks for a sync outside its times', () => {
  it.each([SCHEDULE, MANUAL, NONE])('when it has never been synchronised: %j', (trigger) => {
    expect(syncRequest(aSource(trigger))).toBeDefined();
  });

  it.each([SCHEDULE, NONE])('but not if its first sync is to wait: %j', (trigger) => {
    expect(syncRequest(aSource(trigger, {}, { 'stillpoint.dev/first-sync': 'wait' }))).toBeUndefined();
  });

  it('for each new manual tag, by another name', () => {
    const status = { lastSyncTime: '2026-01-01T00:00:00Z', lastManualSync: 'tag-1' };
    expect(syncRequest(aSource(MANUAL, status))).not.toBe(syncRequest(aSource({ manual: 'tag-3' }, status)));
  });

  it('not for a manual tag that is answered', () => {
    expect(syncRequest(aSource(MANUAL, { lastManualSync: 'tag-2' }))).toBeUndefined();
  });

  it('not between the times of its schedule', () => {
    expect(syncRequest(aSource(SCHEDULE, { lastSyncTime: '2026-01-01T00:00:00Z' }))).toBeUndefined();
  });

  it('after each sync that has ended, if nothing else triggers it', () => {
    const [first, second] = ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'].map((lastSyncTime) =>
      syncRequest(aSource(NONE, { lastSyncTime })),
    );
    expect(first).toBeDefined();
    expect(second).not.toBe(first);
  });
});

const idle = aSource(MANUAL, { lastManualSync: 'tag-1' });
const request = syncRequest(idle);

describe('the controller starts a sync', () => {
  it('at once when it has not been asked for yet', () => {
    expect(planStart(idle, runs(), { now: written })).toEqual({ do: 'start', request });
  });

  it('never while the schedule is paused', () => {
    expect(planStart(idle, runs({ paused: true }), { now: written })).toEqual({ do: 'nothing' });
  });

  it('again, by and by, when its slot was refused for its input, which may be mended by now', () => {
    const refused = failedAt('2026-01-01T00:00:10Z');
    const once = planStart(refused, runs({ refused: true, starts: [written] }), { now: written });
    expect(once).toEqual({ do: 'lookAgain', afterMs: 40_000 });
    const due = { now: Date.parse('2026-01-01T00:00:40Z') };
    const started = planStart(refused, runs({ refused: true, starts: [written] }), due);
    expect(started.do).toBe('start');
    const lastRequest = started.do === 'start' ? started.request : undefined;
    const twice = runs({ refused: true, lastRequest, starts: [written, written] });
    expect(planStart(refused, twice, due)).toEqual({ do: 'lookAgain', afterMs: 30_000 });
  });

  it('not again when its slot failed for another reason: the next slot comes', () => {
    const failed = failedAt('2026-01-01T00:00:10Z');
    const later = { now: Date.parse('2026-01-01T12:00:00Z') };
    expect(planStart(failed, runs({ starts: [written] }), later)).toEqual({ do: 'nothing' });
  });

  it('never while another one synchronises: its end is an event', () => {
    const busy = aSource(MANUAL, { lastManualSync: 'tag-1', lastSyncStartTime: '2026-01-01T00:00:00Z' });
    expect(planStart(busy, runs({ running: true }), { now: written })).toEqual({ do: 'nothing' });
  });

  it('not before it is clear whether the running one begins or ends', () => {
    expect(planStart(idle, runs({ running: true }), { now: written }).do).toBe('lookAgain');
  });

  it('although the status still speaks of a sync that was terminated', () => {
    const terminated = aSource(MANUAL, {
      lastManualSync: 'tag-1',
      lastSyncStartTime: '2026-01-01T00:00:00Z',
    });
    expect(planStart(terminated, runs(), { now: written }).do).toBe('start');
  });

  it('once for each request', () => {
    const asked = runs({ lastRequest: request, starts: [written + 1_000] });
    expect(planStart(idle, asked, { now: written + 2_000 }).do).toBe('lookAgain');
  });

  it('again when the request got lost on its way', () => {
    const asked = runs({ lastRequest: request, starts: [written - 60_000] });
    expect(planStart(idle, asked, { now: written + 1_000 })).toEqual({ do: 'lookAgain', afterMs: 9_000 });
    expect(planStart(idle, asked, { now: written + 10_000 })).toEqual({ do: 'start', request });
  });

  it('again after a failure, each time later, but never later than VolSync', () => {
    const wait = (failures: number) => {
      const starts = Array.from({ length: failures }, () => written);
      const plan = planStart(idle, runs({ lastRequest: request, starts }), { now: written });
      return plan.do === 'lookAgain' ? plan.afterMs : 0;
    };
    expect([1, 2, 3, 10].map(wait)).toEqual([30_000, 60_000, 120_000, 1_000_000]);
  });

  it('again only some time after the failed one has ended, however long it took', () => {
    const failed = aSource(MANUAL, {
      conditions: [
        {
          type: 'Synchronizing',
          status: 'False',
          reason: 'Error',
          message: 'x',
          lastTransitionTime: '2026-01-02T00:00:00Z',
        },
      ],
    });
    const ended = Date.parse('2026-01-02T00:00:00Z');
    expect(planStart(failed, runs({ lastRequest: request, starts: [written] }), { now: ended })).toEqual({
      do: 'lookAgain',
      afterMs: 30_000,
    });
  });

  it('never again when people have stopped it', () => {
    const stopped = runs({ lastRequest: request, starts: [written], stoppedByPeople: true });
    expect(planStart(idle, stopped, { now: written + 1e9 })).toEqual({ do: 'nothing' });
  });

  it('again when people have stopped one of those that follow each other', () => {
    const source = aSource(NONE);
    const stopped = runs({ lastRequest: syncRequest(source), starts: [written], stoppedByPeople: true });
    expect(planStart(source, stopped, { now: written + 1e9 }).do).toBe('start');
  });
});

describe('a trigger that is left on the pvc', () => {
  const trigger = 'trigger 1a2b3c4d';
  const scheduled = aSource(SCHEDULE, { lastSyncTime: '2026-01-01T00:00:00Z' });
  const now = written + 1_000;

  it('starts a sync between the times of the schedule', () => {
    expect(planStart(scheduled, runs(), { now, trigger })).toEqual({ do: 'start', request: trigger });
  });

  it('starts one sync, not another one when that has failed', () => {
    const failed = runs({ lastRequest: trigger, starts: [written] });
    expect(planStart(scheduled, failed, { now: now + 1e9, trigger })).toEqual({ do: 'nothing' });
  });

  it('starts it again when the start got lost', () => {
    const lost = runs({ lastRequest: trigger });
    expect(planStart(scheduled, lost, { now: written + 10_000, trigger })).toMatchObject({ do: 'start' });
  });

  it('does not wait until the back-off of another request is over', () => {
    const backingOff = runs({ lastRequest: request, starts: [written] });
    expect(planStart(idle, backingOff, { now, trigger })).toEqual({
      do: 'start',
      request: `${trigger} + ${request}`,
    });
  });

  it('leaves the back-off of the other request as it is when it is gone, or was of no use', () => {
    const served = runs({ lastRequest: `${trigger} + ${request}`, starts: [written] });
    const backOff = { do: 'lookAgain', afterMs: 29_000 };
    expect(planStart(idle, served, { now })).toEqual(backOff);
    expect(planStart(idle, served, { now, trigger })).toEqual(backOff);
  });

  it('never starts one while the schedule is paused', () => {
    expect(planStart(scheduled, runs({ paused: true }), { now, trigger })).toEqual({ do: 'nothing' });
  });
});

function failedAt(lastTransitionTime: string) {
  const condition = {
    type: 'Synchronizing',
    status: 'False',
    reason: 'Error',
    message: 'no Secret',
    lastTransitionTime,
  };
  return aSource(SCHEDULE, { lastSyncTime: '2025-12-31T00:00:00Z', conditions: [condition] });
}

function runs(changes: Partial<ScheduleRuns> = {}): ScheduleRuns {
  return {
    paused: false,
    running: false,
    written,
    starts: [],
    stoppedByPeople: false,
    refused: false,
    ...changes,
  };
}

function aSource(trigger: object, status = {}, annotations = {}): ReplicationSource {
  return ReplicationSource.parse({
    metadata: { namespace: 'test-ns', name: 'test-rs', uid: 'uid-1', annotations },
    spec: { sourcePVC: 'data-pvc', trigger, restic: {} },
    status,
  });
}
