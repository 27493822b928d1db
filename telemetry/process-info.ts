import { Gauge } from 'prom-client';
import { registry } from './metrics.ts';

/** Shows that a process of this kind runs, for whoever is told when none does; `build` is empty for one without a build id. */
export function showProcess(process: 'worker' | 'controller' | 'guard', build = ''): void {
  new Gauge({
    name: 'stillpoint_process',
    help: 'Always 1; `process` is worker, controller or guard, and `build` the build id of a versioned worker.',
    labelNames: ['process', 'build'] as const,
    registers: [registry],
  }).set({ process, build }, 1);
}
