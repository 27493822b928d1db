// What is not Kubernetes: Temporal's development server, the object store, and the relay to both and to it.
import { join } from 'node:path';
import { inside, type Layout } from '../layout.ts';
import type { Service } from '../processes.ts';
import type { Settled } from '../stack.ts';
import type { Toolchain } from '../toolchain.ts';

export const temporalMetrics = { host: inside.temporal.host, port: 9233 };

const searchAttributes = ['SyncSource', 'SyncPvc', 'SyncPhase', 'SyncMover', 'SyncResult'];

export function temporal(layout: Layout, { pathOf, environment }: Toolchain): Service {
  return {
    name: 'temporal',
    command: pathOf('temporal'),
    environment,
    arguments: [
      'server',
      'start-dev',
      '--log-level=warn',
      // Its own services dial 127.0.0.1, pods and relay the bridge: on all addresses of this namespace, then.
      '--ip=0.0.0.0',
      `--port=${inside.temporal.port}`,
      `--ui-ip=${inside.temporalUi.host}`,
      `--ui-port=${inside.temporalUi.port}`,
      // What it has done, for the bench: calls by operation.
      `--metrics-port=${temporalMetrics.port}`,
      `--db-filename=${join(layout.state, 'temporal', 'temporal.db')}`,
      // A commit is one append, and no wait for the disk (docs/bench.md): a killed server has lost nothing.
      '--sqlite-pragma=journal_mode=wal',
      '--sqlite-pragma=synchronous=normal',
      ...searchAttributes.map((name) => `--search-attribute=${name}=Keyword`),
      // An activity rides back in the answer to the workflow task: one hop less between trigger and freeze.
      '--dynamic-config-value=system.enableActivityEagerExecution=true',
      // Many schedules may be due at once: Temporal's own worker would start them with few pollers, 30 a second.
      '--dynamic-config-value=worker.schedulerNamespaceStartWorkflowRPS=1000.0',
      '--dynamic-config-value=worker.perNamespaceWorkerOptions={"MaxConcurrentWorkflowTaskPollers":10}',
    ],
  };
}

export function objectStore(layout: Layout, tools: Toolchain, { accessKey, secretKey }: Settled): Service {
  const { objectStore: plain, secureObjectStore: secure } = inside;
  const pki = layout.objectStoreCertificates;
  return {
    name: 'object-store',
    command: tools.pathOf('object-store'),
    // Not an argument, which everyone on the machine could read; quoted, because it is one CSV field.
    environment: {
      ...tools.environment,
      RCLONE_AUTH_KEY: `"${accessKey},${secretKey}"`,
      RCLONE_CONFIG: '/dev/null',
    },
    arguments: [
      'serve',
      's3',
      `--addr=http://${plain.host}:${plain.port}`,
      `--addr=tls://${secure.host}:${secure.port}`,
      `--cert=${pki}/server.crt`,
      `--key=${pki}/server.key`,
      join(layout.state, 'objects'),
    ],
  };
}

/** From the ports on 127.0.0.1 that people use to the addresses inside. */
export function relay(layout: Layout, { environment }: Toolchain, { ports }: Settled): Service {
  const route = (port: number, to: { host: string; port: number }) => `${port}=${to.host}:${to.port}`;
  return {
    name: 'relay',
    command: process.execPath,
    environment,
    onHostNetwork: true,
    arguments: [
      '--disable-warning=ExperimentalWarning',
      join(import.meta.dirname, '..', 'relay', 'main.ts'),
      layout.networkFile,
      layout.insideSocket,
      route(ports.apiServer, inside.apiServer),
      route(ports.temporal, inside.temporal),
      route(ports.temporalUi, inside.temporalUi),
      route(ports.objectStore, inside.objectStore),
    ],
  };
}
