import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveMetrics } from '../../telemetry/metrics.ts';
import type { MetricsServer } from '../../telemetry/metrics.ts';
import { showOutOfSync, syncMetrics } from '../../telemetry/sync-metrics.ts';
import type { SyncState } from '../../telemetry/sync-metrics.ts';

const orders = { kind: 'ReplicationSource', namespace: 'shop', name: 'orders' } as const;
const OF_ORDERS = 'obj_name="orders",obj_namespace="shop",role="source",method="restic"';

let server: MetricsServer;
let states: SyncState[] = [];
beforeAll(async () => {
  showOutOfSync(async () => states);
  server = await serveMetrics({ port: 0, ready: () => true });
});
afterAll(() => server.close());

async function metrics(): Promise<readonly string[]> {
  return (await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()).split('\n');
}

describe('/metrics', () => {
  it('counts syncs by result, reason and mover', async () => {
    syncMetrics.syncEnded({ owner: orders, mover: 'restic', result: 'Failed', reason: 'SecretMissing' });
    expect(await metrics()).toContain(
      'stillpoint_syncs_total{result="Failed",reason="SecretMissing",mover="restic"} 1',
    );
  });

  it('says how long applications stood still, and how long syncs waited for them', async () => {
    succeeded({ freezeSeconds: 0.2, waitingSeconds: 42, driver: 'fast.csi' });
    const lines = await metrics();
    const labels = 'driver="fast.csi",copy_method="Snapshot",result="Successful"';
    expect(lines).toContain(`stillpoint_freeze_seconds_bucket{le="0.1",${labels}} 0`);
    expect(lines).toContain(`stillpoint_freeze_seconds_bucket{le="0.25",${labels}} 1`);
    expect(lines).toContain('stillpoint_waiting_seconds_sum 42');
  });

  it('says how long an application stood still for a copy that was not taken', async () => {
    const failed = { mover: 'restic', result: 'Failed', reason: 'FreezeBoundExceeded' } as const;
    const made = { driver: 'slow.csi', copyMethod: 'Clone' };
    syncMetrics.syncEnded({ owner: orders, ...failed, ...made, freezeSeconds: 600 });
    expect(await metrics()).toContain(
      'stillpoint_freeze_seconds_sum{driver="slow.csi",copy_method="Clone",result="Failed"} 600',
    );
  });

  it('shows no freeze of an application that never stood still', async () => {
    const before = await metrics();
    syncMetrics.syncEnded({ owner: orders, mover: 'restic', result: 'Successful', reason: '' });
    const count = (lines: readonly string[]) =>
      lines.filter((line) => /^stillpoint_freeze.*_count/.test(line));
    expect(count(await metrics())).toEqual(count(before));
  });

  it('has VolSync’s series under VolSync’s names and labels', async () => {
    succeeded({ durationSeconds: 90, late: true });
    states = [{ owner: orders, mover: 'restic', outOfSync: true }];
    const lines = await metrics();
    expect(lines).toContain(`volsync_missed_intervals_total{${OF_ORDERS}} 1`);
    expect(lines).toContain(`volsync_volume_out_of_sync{${OF_ORDERS}} 1`);
    expect(lines).toContain(`volsync_sync_duration_seconds{quantile="0.99",${OF_ORDERS}} 90`);
    expect(lines).toContain(`volsync_sync_duration_seconds_count{${OF_ORDERS}} 1`);
  });

  it('counts no missed interval for a sync that was in time, but shows the series', async () => {
    const owner = { ...orders, name: 'punctual' };
    syncMetrics.syncEnded({ owner, mover: 'rclone', result: 'Successful', reason: '', late: false });
    expect(await metrics()).toContain(
      'volsync_missed_intervals_total{obj_name="punctual",obj_namespace="shop",role="source",method="rclone"} 0',
    );
  });

  it('tells a destination from a source of the same name', async () => {
    const owner = { ...orders, kind: 'ReplicationDestination' } as const;
    succeeded({ owner, durationSeconds: 7 });
    states = [{ owner, mover: 'restic', outOfSync: false }];
    const lines = await metrics();
    const labels = OF_ORDERS.replace('role="source"', 'role="destination"');
    expect(lines).toContain(`volsync_sync_duration_seconds_sum{${labels}} 7`);
    expect(lines).toContain(`volsync_missed_intervals_total{${labels}} 0`);
    expect(lines).toContain(`volsync_volume_out_of_sync{${labels}} 0`);
  });

  it('forgets a source that is gone', async () => {
    states = [];
    expect((await metrics()).filter((line) => line.startsWith('volsync_volume_out_of_sync{'))).toEqual([]);
  });
});

function succeeded(measured: object): void {
  const success = { mover: 'restic', result: 'Successful', reason: '', copyMethod: 'Snapshot' } as const;
  syncMetrics.syncEnded({ owner: orders, ...success, ...measured });
}
