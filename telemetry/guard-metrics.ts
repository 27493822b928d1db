// What operators watch of the guard: each release is a sync that could not let its application go by itself.
import { Counter } from 'prom-client';
import { registry } from './metrics.ts';

const releases = new Counter({
  name: 'stillpoint_guard_releases_total',
  help: 'Applications that the guard let go; `reason` is that of the failure on the pvc.',
  labelNames: ['reason'] as const,
  registers: [registry],
});

export const guardMetrics = {
  released: (reason: string): void => releases.inc({ reason }),
} as const;
