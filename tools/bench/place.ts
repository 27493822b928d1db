// The stack that is measured on, and how this process looks at it: from inside the stack's network, where its
// pods are, too. The relay to the host is for people; it would be in every hop.
import { join } from 'node:path';
import { connectTemporal } from '../../client/temporal.ts';
import type { Temporal } from '../../client/temporal.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { inside, layoutOf } from '../stack/layout.ts';
import { run, type Say } from '../stack/shell.ts';
import { readStack } from '../stack/stack.ts';
import type { Stack } from '../stack/stack.ts';

export interface Place {
  readonly stack: Stack;
  readonly cluster: Cluster;
  readonly temporal: Temporal;
  readonly say: Say;
  readonly kubectl: (...words: readonly string[]) => Promise<string>;
  close(): Promise<void>;
}

/** The stack is up, and this process is in its network. */
export async function openPlace(name: string, say: Say): Promise<Place> {
  const stack = readStack(name);
  if (stack === undefined) throw new Error(`There is no stack ${name}; start it first.`);
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
function enter({ name, stateFolder }: Stack): void {
  for (const variable of Object.keys(process.env))
    if (/^(TEMPORAL|STILLPOINT)_/.test(variable)) delete process.env[variable];
  Object.assign(process.env, {
    KUBECONFIG: layoutOf(name).kubeconfigInside,
    KUBECACHEDIR: join(stateFolder, 'kubectl-cache'),
    TEMPORAL_ADDRESS: `${inside.temporal.host}:${inside.temporal.port}`,
    TEMPORAL_CONFIG_FILE: join(stateFolder, 'no-profile.toml'),
  });
}
