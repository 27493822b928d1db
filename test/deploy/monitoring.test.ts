// What must be true of alerts and dashboard whatever runs; test/stack/monitoring.test.ts asks the real Prometheus.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alerts, dashboardQueries, metricsIn } from './dashboard-queries.ts';

const root = join(import.meta.dirname, '../..');
const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');

describe('every alert', () => {
  it.each(alerts().map(({ alert, annotations }) => [alert, annotations] as const))(
    '%s has a section in docs/operations.md with its meaning, its causes and what to type',
    (alert, annotations) => {
      expect(annotations['runbook']).toBe(`docs/operations.md#${alert.toLowerCase()}`);
      expect(annotations['summary']).toMatch(/\.$/);
      const section = sectionOf(alert);
      for (const part of ['**Meaning.**', '**Causes.**', '**Type.**']) expect(section).toContain(part);
      expect(section).toMatch(/```sh\n(?:kubectl|temporal|helm)/);
    },
  );

  it('is described, and nothing else is', () => {
    const described = [...operations.matchAll(/^### (Stillpoint\w+)$/gm)].map(([, name]) => name);
    expect(new Set(described)).toEqual(new Set(alerts().map(({ alert }) => alert)));
  });
});

describe('the dashboard', () => {
  it('shows what is frozen, waiting, moving and failing', () => {
    const shown = new Set(dashboardQueries().flatMap(({ expr }) => metricsIn(expr)));
    for (const metric of [
      'stillpoint_windows',
      'stillpoint_movers',
      'stillpoint_syncs_total',
      'stillpoint_freeze_seconds',
      'stillpoint_waiting_seconds',
      'stillpoint_last_sync_timestamp_seconds',
      'stillpoint_guard_releases_total',
      'stillpoint_kubernetes_requests_total',
      'temporal_worker_task_slots_available',
      'volsync_volume_out_of_sync',
      'volsync_missed_intervals_total',
      'volsync_sync_duration_seconds',
    ])
      expect(shown).toContain(metric);
  });
});

function sectionOf(alert: string): string {
  const [, rest = ''] = operations.split(`### ${alert}\n`);
  return rest.split(/^##/m)[0] ?? '';
}
