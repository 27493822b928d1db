// What stands in the cluster now, as the controller sees it: open windows, movers, and when each source last succeeded.
// Looked at when Prometheus asks, so that nothing is shown of what is gone.
import { Gauge } from 'prom-client';
import type { ScheduleOwner } from '../domain/messages.ts';
import type { WindowStanding } from '../domain/open-windows.ts';
import { registry } from './metrics.ts';

export interface LastSync {
  readonly owner: ScheduleOwner;
  readonly mover: string;
  /** Seconds since the epoch; undefined when there was none yet. */
  readonly time: number | undefined;
}

export interface ClusterStanding {
  windows(): Readonly<Record<WindowStanding, number>>;
  movers(): number;
  lastSyncs(): readonly LastSync[];
}

export function showClusterStanding(standing: ClusterStanding): void {
  new Gauge({
    name: 'stillpoint_windows',
    help: 'PVCs whose copy window is open: `state` is asked, overdue (asked for longer than overdue-after), frozen, or stuck (frozen although release-by is over).',
    labelNames: ['state'] as const,
    registers: [registry],
    collect() {
      for (const [state, count] of Object.entries(standing.windows())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'stillpoint_movers',
    help: 'Jobs of movers that stand in the cluster.',
    registers: [registry],
    collect() {
      this.set(standing.movers());
    },
  });
  new Gauge({
    name: 'stillpoint_last_sync_timestamp_seconds',
    help: 'When the last successful sync of a source or destination ended; 0 when there was none yet.',
    labelNames: ['obj_name', 'obj_namespace', 'role', 'method'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { owner, mover, time = 0 } of standing.lastSyncs()) {
        const role = owner.kind === 'ReplicationSource' ? 'source' : 'destination';
        this.set({ obj_name: owner.name, obj_namespace: owner.namespace, role, method: mover }, time);
      }
    },
  });
}
