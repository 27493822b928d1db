// The worker: runs the workflows and activities of syncs; any number of replicas.
// Configured by environment (api/settings.ts); runs in the foreground until SIGTERM.
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { SyncSettings } from '../activities/index.ts';
import { WorkerSettings, readSettings } from '../api/settings.ts';
import { refuseNeighbours } from '../client/neighbours.ts';
import { aborted, orStartError, runProgram } from '../client/program.ts';
import { ensureSearchAttributes } from '../client/search-attributes.ts';
import { checkNamespace, reach, reachable, temporalPlace } from '../client/temporal.ts';
import { MOVER_TASK_QUEUE, TASK_QUEUE } from '../domain/messages.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { connectCluster } from '../kubernetes/connect.ts';
import { createLog } from '../telemetry/log.ts';
import type { Log } from '../telemetry/log.ts';
import { serveMetrics } from '../telemetry/metrics.ts';
import { showProcess } from '../telemetry/process-info.ts';
import { syncMetrics } from '../telemetry/sync-metrics.ts';
import { workflowBundle } from './bundle.ts';
import { installRuntime } from './runtime.ts';

await runProgram('worker', async (stop) => {
  const settings = readSettings(WorkerSettings, process.env);
  const log = createLog('worker', settings.logLevel);
  installRuntime(settings, log);
  const place = temporalPlace();
  const connection = await reach(place, () => NativeConnection.connect(place.connectionOptions));
  await reach(place, () => checkNamespace(connection, place.namespace));
  await ensureSearchAttributes(connection, place.namespace);
  const { kubeContext: context } = settings;
  const cluster = await orStartError(
    connectCluster({ component: 'worker', log, ...(context && { context }) }),
  );
  await orStartError(refuseNeighbours({ cluster, connection, namespace: place.namespace }, settings));

  const activities = createActivities({
    cluster,
    log,
    settings: syncSettings(settings),
    metrics: syncMetrics,
  });
  const shared = {
    connection,
    namespace: place.namespace,
    ...versioning(settings),
    shutdownGraceTime: settings.shutdownGraceMs,
    // A cancel reaches an activity with the answer to its heartbeat: the SDK would hold most of them back.
    maxHeartbeatThrottleInterval: '5 seconds',
  } as const;
  const steps = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: await workflowBundle() },
    // Those of movers, too: syncs of earlier versions have asked for them here.
    activities,
    maxCachedWorkflows: settings.maxCachedWorkflows,
    maxConcurrentActivityTaskExecutions: settings.maxActivities,
  });
  const { moveCopy, receive } = activities;
  const movers = await Worker.create({
    ...shared,
    taskQueue: MOVER_TASK_QUEUE,
    activities: { moveCopy, receive },
    maxConcurrentActivityTaskExecutions: settings.maxMovers,
  });
  const workers = [steps, movers];
  const watching = startWatches(cluster, log);
  const running = () => workers.every((worker) => worker.getState() === 'RUNNING');
  const ready = async () => running() && watching.synced && (await reachable(connection));
  showProcess('worker', settings.buildId);
  const metrics = await serveMetrics({ port: settings.metricsPort, host: settings.metricsHost, ready });
  log.info('worker started', { temporal: place.address, namespace: place.namespace, port: metrics.port });

  await Promise.all(workers.map((worker) => worker.runUntil(aborted(stop))));
  log.info('worker stopped');
  await metrics.close();
  await Promise.all([cluster.close(), connection.close()]);
});

function syncSettings(settings: WorkerSettings): SyncSettings {
  const { answerVisibleMs, readyPatienceMs, moverImage } = settings;
  // Field by field: the limits become part of each sync's history.
  const limits = {
    overdueAfterMs: settings.overdueAfterMs,
    continueAfterMs: settings.continueAfterMs,
    freezeBoundMs: settings.freezeBoundMs,
    copyHeartbeatMs: settings.copyHeartbeatMs,
    moverHeartbeatMs: settings.moverHeartbeatMs,
    moverAttempts: settings.moverAttempts,
    moverRetryMs: settings.moverRetryMs,
    moverDeadlineMs: settings.moverDeadlineMs,
    moverPendingMs: settings.moverPendingMs,
  };
  return { limits, answerVisibleMs, readyPatienceMs, moverImage, proxies: proxiesIn(process.env) };
}

// Each reaches movers in upper and lower case, because tools differ in which they read (VolSync).
function proxiesIn(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const set = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => {
    const value = environment[name] ?? '';
    return value === '' ? [] : [[name, value] as const, [name.toLowerCase(), value] as const];
  });
  return Object.fromEntries(set);
}

// A versioned worker serves only syncs that began on its own build, and new ones once it is the current version.
function versioning({
  buildId,
  deploymentName,
}: WorkerSettings): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (buildId === undefined) return {};
  const version = { deploymentName, buildId };
  return {
    workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
  };
}

/** All watches that syncs use, from the start: none of them has to wait for a list while an application stands still. */
function startWatches(
  { sources, destinations, pvcs, volumeSnapshots, jobs, pods }: Cluster,
  log: Log,
): { readonly synced: boolean } {
  const state = { synced: false };
  const resources = [sources, destinations, pvcs, volumeSnapshots, jobs, pods];
  const watches = resources.map((resource) => resource.watch().synced());
  Promise.all(watches).then(
    () => {
      state.synced = true;
      log.info('worker ready');
    },
    (error: unknown) => log.error('watches ended', { error }),
  );
  return state;
}
