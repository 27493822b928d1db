// The guard: lets applications go whose time is over, with Temporal, worker and controller dead. It knows Kubernetes
// alone, and any number of replicas may run.
// Configured by environment (api/settings.ts); runs in the foreground until SIGTERM.
import { GuardSettings, readSettings } from '../api/settings.ts';
import { aborted, orStartError, runProgram } from '../client/program.ts';
import { connectCluster } from '../kubernetes/connect.ts';
import { createLog } from '../telemetry/log.ts';
import { serveMetrics } from '../telemetry/metrics.ts';
import { showProcess } from '../telemetry/process-info.ts';
import { watchWindows } from './watch-windows.ts';

await runProgram('guard', async (stop) => {
  const settings = readSettings(GuardSettings, process.env);
  const log = createLog('guard', settings.logLevel);
  const { kubeContext: context, freezeBoundMs: boundMs } = settings;
  const cluster = await orStartError(
    connectCluster({ component: 'guard', log, ...(context && { context }) }),
  );
  let watching = false;
  const ready = () => watching && !stop.aborted;
  showProcess('guard');
  const metrics = await serveMetrics({ port: settings.metricsPort, host: settings.metricsHost, ready });
  log.info('guard started', { port: metrics.port });

  const running = watchWindows({ cluster, log, boundMs }).then((stopWatching) => {
    watching = true;
    log.info('guard ready');
    return stopWatching;
  });
  await Promise.race([aborted(stop), running.then(() => aborted(stop))]);
  if (watching) await (await running)();
  await metrics.close();
  await cluster.close();
  log.info('guard stopped');
});
