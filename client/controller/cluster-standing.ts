// Open windows, movers and last successes, from what the controller's watches have: no request.
import { runOfObject, runsInWindow, sourceOfRun } from '../../domain/ended-sync.ts';
import { windowStanding } from '../../domain/open-windows.ts';
import type { WindowStanding } from '../../domain/open-windows.ts';
import { ownerOf } from '../../domain/ownership.ts';
import { moverInSpec } from '../../domain/schedule.ts';
import { parseTime } from '../../domain/time.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { ClusterStanding, LastSync } from '../../telemetry/cluster-metrics.ts';
import { everyObject } from './kept-kinds.ts';

export function clusterStanding(cluster: Cluster): ClusterStanding {
  return {
    windows: () => windowsOf(cluster),
    movers: () => cluster.jobs.watch().list().filter(runOfObject).length,
    lastSyncs: () => lastSyncsOf(cluster),
  };
}

function windowsOf(cluster: Cluster): Readonly<Record<WindowStanding, number>> {
  const counts: Record<WindowStanding, number> = { asked: 0, overdue: 0, frozen: 0, stuck: 0 };
  const sources = cluster.sources.watch();
  for (const pvc of cluster.pvcs.watch().list()) {
    const runs = runsInWindow(pvc);
    if (runs.length === 0) continue;
    const { uid = '', annotations = {} } = pvc.metadata;
    const inWindow = runs.flatMap((run) => sources.get(sourceOfRun(run) ?? NOBODY) ?? []);
    const standing = windowStanding({ uid, annotations }, inWindow, cluster.now());
    if (standing !== undefined) counts[standing] += 1;
  }
  return counts;
}

const NOBODY = { namespace: '', name: '' };

function lastSyncsOf(cluster: Cluster): readonly LastSync[] {
  return everyObject(cluster).flatMap((object) => {
    const mover = moverInSpec(object.spec ?? {});
    if (mover === 'none' || mover === 'foreign') return [];
    const time = parseTime(object.status?.lastSyncTime);
    return [{ owner: ownerOf(object), mover, time: time === undefined ? undefined : time / 1000 }];
  });
}
