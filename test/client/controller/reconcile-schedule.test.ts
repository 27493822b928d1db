// Against a Temporal of our own making that remembers schedules: what a person would see there.
import { beforeEach, describe, expect, it } from 'vitest';
import { ReplicationDestination } from '../../../api/replication-destination.ts';
import { ReplicationSource } from '../../../api/replication-source.ts';
import { reconcileSchedule } from '../../../client/controller/reconcile-schedule.ts';
import type { Schedules, StandingSchedule } from '../../../client/controller/schedules.ts';
import type { WantedSchedule } from '../../../domain/schedule.ts';

const REF = { kind: 'ReplicationSource', namespace: 'test-ns', name: 'test-rs' } as const;

describe('a source and its schedule', () => {
  let temporal: FakeTemporal;
  beforeEach(() => {
    temporal = new FakeTemporal();
  });

  it('starts the first sync once, when the schedule is made', async () => {
    await reconcileSchedule(REF, aSource(), { schedules: temporal, now: Date.now() });
    await reconcileSchedule(REF, aSource(), { schedules: temporal, now: Date.now() });
    expect(temporal.did).toEqual(['create', 'trigger']);
  });

  it('starts nothing for a paused source until it is resumed', async () => {
    await reconcileSchedule(REF, aSource({ paused: true }), { schedules: temporal, now: Date.now() });
    expect(temporal.did).toEqual(['create']);
    await reconcileSchedule(REF, aSource({ paused: false }), { schedules: temporal, now: Date.now() });
    expect(temporal.did).toEqual(['create', 'update', 'trigger']);
  });

  it('starts nothing while its times cannot be read', async () => {
    await reconcileSchedule(REF, aSource({ trigger: { schedule: '@hourlyfoo' } }), {
      schedules: temporal,
      now: Date.now(),
    });
    expect(temporal.did).toEqual(['create']);
  });

  it('writes which sync it starts before it starts it', async () => {
    const manual = (tag: string) => aSource({ trigger: { manual: tag } });
    await reconcileSchedule(REF, manual('tag-1'), { schedules: temporal, now: Date.now() });
    temporal.endRun();
    await reconcileSchedule(REF, manual('tag-2'), { schedules: temporal, now: Date.now() });
    expect(temporal.did).toEqual(['create', 'trigger', 'update', 'trigger']);
    expect(temporal.schedule?.runs.lastRequest).toBe('manual tag-2');
  });

  it('starts again what another controller died over', async () => {
    temporal.losesTriggers = true;
    await reconcileSchedule(REF, aSource(), { schedules: temporal, now: Date.now() });
    temporal.losesTriggers = false;
    temporal.grow(10_000);
    await reconcileSchedule(REF, aSource(), { schedules: temporal, now: Date.now() });
    expect(temporal.did).toEqual(['create', 'trigger', 'trigger']);
  });

  it('looks at what another controller made at the same moment, and starts nothing twice', async () => {
    temporal.somebodyIsFaster = true;
    const { lookAgainAfterMs } = await reconcileSchedule(REF, aSource(), {
      schedules: temporal,
      now: Date.now(),
    });
    expect(lookAgainAfterMs).toBe(0);
    expect(temporal.did).toEqual([]);
  });

  it('cancels the sync of a source that is gone, then deletes the schedule', async () => {
    await reconcileSchedule(REF, aSource(), { schedules: temporal, now: Date.now() });
    await reconcileSchedule(REF, undefined, { schedules: temporal, now: Date.now() });
    expect(temporal.did).toEqual(['create', 'trigger', 'cancel', 'delete']);
  });

  it('cancels the sync of the old source when it was created anew, and starts that of the new one after it', async () => {
    await reconcileSchedule(REF, aSource(), { schedules: temporal, now: Date.now() });
    const anew = aSource();
    await reconcileSchedule(
      REF,
      { ...anew, metadata: { ...anew.metadata, uid: 'uid-2' } },
      { schedules: temporal, now: Date.now() },
    );
    expect(temporal.did).toEqual(['create', 'trigger', 'cancel', 'update', 'trigger']);
    expect(temporal.schedule?.uid).toBe('uid-2');
  });

  it('is not the one of a destination of the same name: each has its own', async () => {
    await reconcileSchedule({ ...REF, kind: 'ReplicationDestination' }, aDestination(), {
      now: Date.now(),
      schedules: temporal,
    });
    expect(temporal.did).toEqual(['create', 'trigger']);
    expect(temporal.schedule?.scheduleId).toBe('destination/test-ns/test-rs');
    expect(temporal.looked).toEqual(['destination/test-ns/test-rs']);
  });

  it('has nothing to do for a source that is neither here nor there', async () => {
    await reconcileSchedule(REF, undefined, { schedules: temporal, now: Date.now() });
    expect(temporal.did).toEqual([]);
  });
});

class FakeTemporal implements Schedules {
  readonly did: string[] = [];
  readonly looked: string[] = [];
  schedule: StandingSchedule | undefined;
  losesTriggers = false;
  somebodyIsFaster = false;

  async find(scheduleId: string) {
    this.looked.push(scheduleId);
    return this.schedule;
  }

  async create(wanted: WantedSchedule, request: string | undefined) {
    if (this.somebodyIsFaster) return false;
    this.did.push('create');
    this.#write(wanted, request);
    return true;
  }

  async update(wanted: WantedSchedule, request: string | undefined) {
    this.did.push('update');
    this.#write(wanted, request);
  }

  async trigger() {
    this.did.push('trigger');
    if (this.losesTriggers) return;
    this.#change({ starts: [Date.now()], running: true });
  }

  async delete() {
    this.did.push('delete');
    this.schedule = undefined;
  }

  async cancelRun() {
    this.did.push('cancel');
  }

  async list() {
    return this.schedule === undefined ? [] : [this.schedule.scheduleId];
  }

  endRun() {
    this.#change({ running: false });
  }

  /** Makes what was written older. */
  grow(milliseconds: number) {
    this.#change({ written: (this.schedule?.runs.written ?? 0) - milliseconds });
  }

  #write({ scheduleId, ref, revision }: WantedSchedule, lastRequest: string | undefined) {
    const before = this.schedule?.runs ?? {
      starts: [],
      running: false,
      paused: false,
      stoppedByPeople: false,
      refused: false,
    };
    const runs = { ...before, lastRequest, written: Date.now() };
    const lostSlots = { skipped: 0, missed: 0 };
    this.schedule = { scheduleId, uid: ref.uid, revision, runs, runningWorkflowIds: [], lostSlots };
    this.#change({});
  }

  #change(changes: Partial<StandingSchedule['runs']>) {
    if (this.schedule === undefined) return;
    const runs = { ...this.schedule.runs, ...changes };
    this.schedule = {
      ...this.schedule,
      runs,
      runningWorkflowIds: runs.running ? ['source/test-ns/test-rs-1'] : [],
    };
  }
}

function aDestination(): ReplicationDestination {
  const { spec: { sourcePVC: _, ...spec } = {}, metadata } = aSource();
  return ReplicationDestination.parse({ kind: 'ReplicationDestination', metadata, spec });
}

function aSource(spec: Record<string, unknown> = {}): ReplicationSource {
  return ReplicationSource.parse({
    metadata: { namespace: REF.namespace, name: REF.name, uid: 'uid-1' },
    spec: { sourcePVC: 'data-pvc', restic: {}, trigger: { schedule: '@daily' }, ...spec },
  });
}
