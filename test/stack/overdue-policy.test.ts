// What becomes of a sync whose trigger does not come, by the source's own annotations.
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { LABELS } from '../../domain/names.ts';
import { breaksOnPurpose } from './outside-record.ts';
import {
  PATIENCE,
  aWaitingSync,
  annotate,
  anotherSource,
  answersOf,
  eventsOf,
  latestRun,
  nothingStays,
  reasonOfFailure,
  snapshotOf,
  windowIn,
} from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const policy = (overduePolicy: string, more = {}) => ({
  'stillpoint.dev/overdue-after': '1s',
  'stillpoint.dev/overdue-policy': overduePolicy,
  ...more,
});

describe.concurrent('a trigger that does not come, of a source whose overdue-policy is', () => {
  it('skip: the sync ends well without a copy, is counted, and the next one asks again (row 9)', async () => {
    const { application, run } = await aWaitingSync(world, {}, policy('skip'));
    const handle = world.temporal.workflow.getHandle(run);
    expect(await handle.result()).toEqual({ skipped: expect.stringContaining('data-pvc') });
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^TriggerOverdue: /);
    expect(failed).not.toHaveProperty(A.waitingSince);
    const status = await application.sourceStatus(({ conditions }) => conditions?.[0]?.status === 'False');
    expect(status.conditions?.[0]?.reason).toBe('WaitingForSchedule');
    expect(status.latestMoverStatus?.logs).toContain('is skipped');
    expect(status).not.toHaveProperty('lastSyncTime');
    expect((await eventsOf(application)).map(({ reason }) => reason)).toContain('TriggerOverdue');
    await vi.waitUntil(async () => (await resultOf(run)) === 'Skipped', PATIENCE);
    const metrics = await (await fetch(inject('stack').workerMetrics)).text();
    expect(metrics).toMatch(
      /^stillpoint_syncs_total{result="Skipped",reason="TriggerOverdue",mover="restic"} [1-9]/m,
    );
    await nothingStays(application);
    await application.syncNow();
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.includes(run) === false);
    await application.setTrigger('later');
    const next = await latestRun(application, run);
    expect((await application.report(next)).copy).toMatchObject({ trigger: 'later' });
  });

  it('skip, and that comes in time: it is copied as ever (row 4)', async () => {
    const patient = policy('skip', { 'stillpoint.dev/overdue-after': '60s' });
    const { application, run } = await aWaitingSync(world, {}, patient);
    await application.setTrigger('in time');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'in time' });
  });

  it('fail: the sync fails and says why (row 9)', async () => {
    const { application, run } = await aWaitingSync(world, {}, policy('fail'));
    expect(await reasonOfFailure(application, run)).toBe('TriggerOverdue');
    expect((await application.copyStatus('Failed'))[A.latestCopyError]).toMatch(/^TriggerOverdue: /);
    const { conditions } = await application.sourceStatus(
      (status) => status.conditions?.[0]?.reason === 'Error',
    );
    expect(conditions?.[0]?.message).toContain('data-pvc');
    await nothingStays(application);
  });

  it('copy: the application is asked no longer, and the copy says everywhere that it is crash-consistent (row 9)', async () => {
    const { application, run } = await aWaitingSync(world, SLOW_CUT, policy('copy'));
    const snapshot = await snapshotOf(application);
    breaksOnPurpose(application.namespace, {
      invariant: 1,
      object: `VolumeSnapshot ${snapshot.metadata.name}`,
      because: 'the source says overdue-policy: copy',
    });
    expect(snapshot.metadata.labels?.[LABELS.consistency]).toBe('crash-consistent');
    expect(snapshot.metadata.labels).not.toHaveProperty(LABELS.copyWindow);
    const { copy } = await application.report(run);
    expect(copy).toMatchObject({ consistency: 'crash-consistent' });
    expect(copy).not.toHaveProperty('trigger');
    expect(copy).not.toHaveProperty('freezeMs');
    expect((await application.copyStatus('Failed'))[A.latestCopyError]).toMatch(/^TriggerOverdue: /);
    const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(status.lastCopy).toMatchObject({ consistency: 'crash-consistent' });
    expect((await eventsOf(application)).map(({ reason }) => reason)).toContain('CopiedWithoutTrigger');
    await nothingStays(application);
  });

  it('copy, beside a source that waits: that one keeps waiting, and is answered (rows 3, 9 and 6)', async () => {
    const patient = policy('copy', { 'stillpoint.dev/wait-deadline': '15s' });
    const { application, run } = await aWaitingSync(world, {}, patient);
    const answers = answersOf(application);
    const other = await anotherSource(application);
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 2);
    const otherRun = await latestRun({ world, source: other });
    const snapshot = await snapshotOf(application);
    breaksOnPurpose(application.namespace, {
      invariant: 1,
      object: `VolumeSnapshot ${snapshot.metadata.name}`,
      because: 'the source says overdue-policy: copy',
    });
    expect((await application.report(run)).copy).toMatchObject({ consistency: 'crash-consistent' });
    expect(windowIn(await application.copyStatus('WaitingForTrigger'))?.runs).toEqual([otherRun]);
    await application.setTrigger('for the other');
    expect((await application.report(otherRun)).copy).toMatchObject({ trigger: 'for the other' });
    expect(answers).toMatchObject([{ status: 'Completed', trigger: 'for the other' }]);
  });
});

describe.concurrent('a deadline for the wait', () => {
  it('is told as overdue before, and fails the sync of a source that would wait (row 9)', async () => {
    const annotations = policy('wait', { 'stillpoint.dev/wait-deadline': '8s' });
    const { application, run } = await aWaitingSync(world, {}, annotations);
    await application.sourceStatus(({ latestMoverStatus }) => latestMoverStatus?.result === 'Failed');
    await application.copyStatus('WaitingForTrigger');
    expect(await reasonOfFailure(application, run)).toBe('TriggerOverdue');
    await application.copyStatus('Failed');
  });

  it('ends with a trigger that comes before it: that one is copied (row 4)', async () => {
    const annotations = policy('fail', { 'stillpoint.dev/wait-deadline': '20s' });
    const { application, run } = await aWaitingSync(world, {}, annotations);
    await untilOverdue(application);
    await annotate(application, { [A.copyTrigger]: 'at the last moment' });
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'at the last moment' });
  });
});

const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };

async function untilOverdue({ source }: Application): Promise<void> {
  const watch = world.cluster.sources.watch();
  const look = () => (watch.get(source)?.status?.latestMoverStatus?.result === 'Failed' ? true : undefined);
  await until([watch], look, AbortSignal.timeout(PATIENCE.timeout));
}

async function resultOf(run: string): Promise<unknown> {
  const { typedSearchAttributes } = await world.temporal.workflow.getHandle(run).describe();
  return typedSearchAttributes.getAll().find(({ key }) => key.name === 'SyncResult')?.value;
}
