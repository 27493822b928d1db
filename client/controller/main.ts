// The controller: keeps one Temporal Schedule per source and destination in step with the cluster, nudges waiting
// syncs, fills PVCs from destinations, and tidies up after syncs that were terminated.
// Configured by environment (api/settings.ts); runs in the foreground until SIGTERM.
import { ControllerSettings, readSettings } from '../../api/settings.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { serveMetrics } from '../../telemetry/metrics.ts';
import { showClusterStanding } from '../../telemetry/cluster-metrics.ts';
import { showProcess } from '../../telemetry/process-info.ts';
import { showOutOfSync } from '../../telemetry/sync-metrics.ts';
import { refuseNeighbours } from '../neighbours.ts';
import { aborted, orStartError, runProgram } from '../program.ts';
import { ensureSearchAttributes } from '../search-attributes.ts';
import { connectTemporal, reachable } from '../temporal.ts';
import { clusterStanding } from './cluster-standing.ts';
import { nudgeWaitingSyncs } from './nudge.ts';
import { syncStates } from './out-of-sync.ts';
import { populateVolumes } from './populate-volumes.ts';
import { createRuns } from './runs.ts';
import { createSchedules } from './schedules.ts';
import { keepSchedules } from './keep-schedules.ts';
import { tidyUpEndedSyncs } from './tidy-up.ts';

await runProgram('controller', async (stop) => {
  const settings = readSettings(ControllerSettings, process.env);
  const log = createLog('controller', settings.logLevel);
  const temporal = await connectTemporal();
  await ensureSearchAttributes(temporal.connection, temporal.namespace);
  const { kubeContext: context } = settings;
  const cluster = await orStartError(
    connectCluster({ component: 'controller', log, ...(context && { context }) }),
  );
  const { connection, namespace } = temporal;
  await orStartError(refuseNeighbours({ cluster, connection, namespace }, settings));

  showProcess('controller');
  showOutOfSync(syncStates(cluster));
  showClusterStanding(clusterStanding(cluster));
  let watching = false;
  const ready = async () => watching && !stop.aborted && (await reachable(temporal.connection));
  const metrics = await serveMetrics({ port: settings.metricsPort, host: settings.metricsHost, ready });
  log.info('controller started', {
    temporal: temporal.address,
    namespace: temporal.namespace,
    port: metrics.port,
  });

  const schedules = createSchedules(temporal.client);
  const running = Promise.all([
    keepSchedules({ cluster, schedules, settings, log }),
    nudgeWaitingSyncs({ cluster, client: temporal.client, log }),
    populateVolumes({ cluster, log }),
    tidyUpEndedSyncs({ cluster, runs: createRuns(temporal.client), settings, log }),
  ]).then((stops) => {
    watching = true;
    log.info('controller ready');
    return stops;
  });

  await Promise.race([aborted(stop), running.then(() => aborted(stop))]);
  log.info('controller stopping');
  if (watching) await Promise.all((await running).map((stopTask) => stopTask()));
  await metrics.close();
  await Promise.all([cluster.close(), temporal.close()]);
});
