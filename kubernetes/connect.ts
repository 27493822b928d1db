import { hostname } from 'node:os';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { Log } from '../telemetry/log.ts';
import type { Cluster, Resource, SharedWatch } from './cluster.ts';
import { createEventRecorder } from './events.ts';
import { KINDS } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { listThenWatch } from './list-watch.ts';
import { readWarnings } from './object-warnings.ts';
import { followPodLog } from './pod-log.ts';
import { createResource } from './resource.ts';
import { startSharedWatch } from './shared-watch.ts';
import { createTransport } from './transport.ts';
import type { Transport } from './transport.ts';

export type Component = 'worker' | 'controller' | 'guard' | 'cli';

export interface ConnectOptions {
  readonly component: Component;
  /** A context of the kubeconfig; its current one when absent. */
  readonly context?: string;
  readonly log: Log;
}

/** Connects by $KUBECONFIG, ~/.kube/config or the pod's service account, and checks once that the server answers. */
export async function connectCluster({ component, context, log }: ConnectOptions): Promise<Cluster> {
  const load = (): KubeConfig => loadConfig(context);
  const transport = createTransport(load, component);
  await checkServer(transport, load());
  return createCluster({ transport, component, log });
}

/** What a kubeconfig says, or the sentence that says what is wrong with it. */
export function loadConfig(context: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    const place = process.env['KUBECONFIG'] ?? 'the default kubeconfig';
    throw new Error(`Cannot read ${place}: ${messageOf(error)}; set KUBECONFIG to a kubeconfig file.`, {
      cause: error,
    });
  }
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getContextObject(config.getCurrentContext()) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new Error(
      `The kubeconfig has no context "${config.getCurrentContext()}"; it has ${known.join(', ') || 'none'}.`,
    );
  }
  return config;
}

/** /api answers every authenticated user, whatever else they may do. */
async function checkServer(transport: Transport, config: KubeConfig): Promise<void> {
  try {
    await transport.call({ verb: 'get', resource: 'api', path: '/api' });
  } catch (error) {
    await transport.close();
    const server = `the Kubernetes API server ${config.getCurrentCluster()?.server} (context "${config.getCurrentContext()}")`;
    if (!(error instanceof KubernetesError)) throw error;
    const { reason, code, message } = error;
    throw new KubernetesError({ reason, code, message: `Cannot use ${server}: ${message}`, cause: error });
  }
}

export interface CreateClusterOptions {
  readonly transport: Transport;
  readonly component: Component;
  readonly log: Log;
}

export function createCluster({ transport, component, log }: CreateClusterOptions): Cluster {
  const closing = new AbortController();
  const fieldManager = `stillpoint-${component}`;

  function resource<T extends KubernetesObject>(kind: Kind): Resource<T> {
    let shared: SharedWatch<T> | undefined;
    const watch = (): SharedWatch<T> => {
      const { signal } = closing;
      shared ??= startSharedWatch<T>({
        changes: listThenWatch<T>(kind, { transport, log, signal }),
        log,
        signal,
      });
      return shared;
    };
    return createResource<T>(kind, { transport, fieldManager, watch });
  }

  return {
    sources: resource(KINDS.sources),
    destinations: resource(KINDS.destinations),
    pvcs: resource(KINDS.pvcs),
    volumes: resource(KINDS.volumes),
    volumePopulators: resource(KINDS.volumePopulators),
    volumeSnapshots: resource(KINDS.volumeSnapshots),
    volumeSnapshotClasses: resource(KINDS.volumeSnapshotClasses),
    storageClasses: resource(KINDS.storageClasses),
    jobs: resource(KINDS.jobs),
    pods: resource(KINDS.pods),
    secrets: resource(KINDS.secrets),
    configMaps: resource(KINDS.configMaps),
    serviceAccounts: resource(KINDS.serviceAccounts),
    services: resource(KINDS.services),
    namespaces: resource(KINDS.namespaces),
    leases: resource(KINDS.leases),
    followLog: (pod, container, options) => followPodLog(transport, { pod, container, ...options }),
    warningsAbout: (object, options) => readWarnings(transport, object, options),
    record: createEventRecorder({ transport, log, component, instance: hostname(), fieldManager }),
    now: () => transport.now(),
    async close() {
      closing.abort(new Error('the connection to the cluster was closed'));
      await transport.close();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
