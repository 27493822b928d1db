// What Prometheus sees of real syncs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { driverName } from '../../tools/stack/layout.ts';
import { PATIENCE, anApplication, asks, eventsOf, reasonOfFailure } from './window-scenario.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('/metrics', () => {
  it('tells of each sync in our own series and in VolSync’s', async () => {
    const application = new Application(world);
    await application.install({ [A.useCopyTrigger]: '' });
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.copyStatus('WaitingForTrigger');
    const labels = `obj_name="test-rs",obj_namespace="${application.namespace}",role="source",method="restic"`;
    const outOfSync = async () =>
      valueOf(await metricsAt(controllerMetrics()), `volsync_volume_out_of_sync{${labels}}`);
    expect(await outOfSync()).toBe(1);

    await application.setTrigger('trigger-1');
    await application.report(await application.latestRun());
    const worker = await metricsAt(inject('stack').workerMetrics);
    expect(valueOf(worker, `volsync_sync_duration_seconds_count{${labels}}`)).toBe(1);
    expect(valueOf(worker, `volsync_missed_intervals_total{${labels}}`)).toBe(0);
    const succeeded = 'stillpoint_syncs_total{result="Successful",reason="",mover="restic"}';
    expect(valueOf(worker, succeeded)).toBeGreaterThan(0);
    const frozen = `driver="${driverName}",copy_method="Snapshot",result="Successful"`;
    expect(valueOf(worker, `stillpoint_freeze_seconds_count{${frozen}}`)).toBeGreaterThan(0);
    expect(valueOf(worker, 'stillpoint_waiting_seconds_count')).toBeGreaterThan(0);
    await expect.poll(outOfSync, { timeout: 30_000 }).toBe(0);
    await application.remove();
  });

  it('tells how long an application stood still for a copy that was lost afterwards', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    const { run } = await asks(application, { volumeSnapshotClassName: 'dir-fail-ready' });
    const frozen = `driver="${driverName}",copy_method="Snapshot",result="Failed"`;
    const counted = async () =>
      valueOf(await metricsAt(inject('stack').workerMetrics), `stillpoint_freeze_seconds_count{${frozen}}`) ||
      0;
    const before = await counted();
    await application.setTrigger('released');
    expect(await reasonOfFailure(application, run)).toBe('SnapshotLost');
    expect(await counted()).toBe(before + 1);
    const details = await application.temporalCli('workflow', 'metadata', '--workflow-id', run);
    expect(details).toMatch(/frozen for/);
    await application.remove();
  });

  it('tells how long an application stood still for a copy that was not taken, and so do the details of its sync', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    const SHORT_FREEZE = { 'stillpoint.dev/freeze-bound': '6s' };
    const { run } = await asks(application, { volumeSnapshotClassName: 'dir-fail' }, SHORT_FREEZE);
    const frozen = `driver="${driverName}",copy_method="Snapshot",result="Failed"`;
    const measured = async (what: string) =>
      valueOf(
        await metricsAt(inject('stack').workerMetrics),
        `stillpoint_freeze_seconds_${what}{${frozen}}`,
      ) || 0;
    const before = { count: await measured('count'), sum: await measured('sum') };
    await application.setTrigger('in vain');
    expect(await reasonOfFailure(application, run)).toBe('FreezeBoundExceeded');
    expect(await measured('count')).toBe(before.count + 1);
    expect((await measured('sum')) - before.sum).toBeGreaterThanOrEqual(2);
    expect((await measured('sum')) - before.sum).toBeLessThanOrEqual(7);
    expect(await application.temporalCli('workflow', 'metadata', '--workflow-id', run)).toMatch(
      /frozen for \| [2-6]/,
    );
    await application.remove();
  });

  it('counts the slots that were skipped while a sync waited, and its source has an event of them', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    await application.replicate({ copyMethod: 'Snapshot' });
    await world.cluster.sources.patch(application.source, {
      spec: { trigger: { schedule: '* * * * *' } },
    } as never);
    await application.copyStatus('WaitingForTrigger');
    const schedule = world.temporal.schedule.getHandle(sourceScheduleId(application.source));
    const skipped = async () => (await schedule.describe()).info.numActionsSkippedOverlap;
    await expect.poll(skipped, { timeout: 90_000, interval: 1_000 }).toBeGreaterThan(0);
    await application.setTrigger('trigger-1');
    const noted = async () => (await eventsOf(application)).map(({ reason }) => reason);
    await expect.poll(noted, PATIENCE).toContain('SyncSlotsLost');
    const labels = `obj_name="test-rs",obj_namespace="${application.namespace}",why="skipped"`;
    const counted = valueOf(
      await metricsAt(controllerMetrics()),
      `stillpoint_schedule_slots_lost{${labels}}`,
    );
    expect(counted).toBeGreaterThan(0);
    await application.remove();
  });
});

/** Where the controller that runs now said that it serves them. */
function controllerMetrics(): string {
  const log = readFileSync(join(inject('stack').folder, 'controller.log'), 'utf8');
  const started = log.split('\n').findLast((line) => line.includes('"controller started"')) ?? '{}';
  return `http://127.0.0.1:${(JSON.parse(started) as { port?: number }).port}/metrics`;
}

async function metricsAt(url: string): Promise<readonly string[]> {
  return (await (await fetch(url)).text()).split('\n');
}

function valueOf(lines: readonly string[], series: string): number {
  return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length));
}
