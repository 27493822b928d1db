// The stack that is measured on, and how this process looks at it.
import { join } from 'node:path';
import { connectTemporal } from '../../client/temporal.ts';
import type { Temporal } from '../../client/temporal.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { run, type Say } from '../stack/shell.ts';
import type { Stack } from '../stack/stack.ts';
import { stackUp } from '../stack/up.ts';

export interface Place {
  readonly stack: Stack;
  readonly cluster: Cluster;
  readonly temporal: Temporal;
  readonly say: Say;
  kubectl(...words: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export async function openPlace(name: string, say: Say): Promise<Place> {
  const stack = await stackUp(name, say);
  enter(stack);
  const cluster = await connectCluster({ component: 'cli', log: createLog('bench', 'error') });
  const { pvcs, volumeSnapshots, sources, jobs } = cluster;
  await Promise.all([pvcs, volumeSnapshots, sources, jobs].map((resource) => resource.watch().synced()));
  const temporal = await connectTemporal();
  return {
    stack,
    cluster,
    temporal,
    say,
    kubectl: (...words) => run(join(stack.binFolder, 'kubectl'), words),
    close: async () => void (await Promise.all([cluster.close(), temporal.close()])),
  };
}

// This process and its children see this stack and nothing of what the person at the terminal has set.
function enter(stack: Stack): void {
  for (const variable of Object.keys(process.env))
    if (/^(TEMPORAL|STILLPOINT)_/.test(variable)) delete process.env[variable];
  Object.assign(process.env, {
    KUBECONFIG: stack.kubeconfig,
    KUBECACHEDIR: join(stack.stateFolder, 'kubectl-cache'),
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_CONFIG_FILE: join(stack.stateFolder, 'no-profile.toml'),
  });
}
