// Opens everything that a run of kills needs on a stack that is up, and closes it again.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { OwnLogs } from '../judge/judge.ts';
import { startOutsideWatcher } from '../judge/outside-watcher.ts';
import { ownStarted, stopOwn } from '../own-processes.ts';
import type { ObjectStore } from '../stack/stack.ts';
import { Campaign } from './campaign.ts';
import { Ground, SETTINGS } from './ground.ts';
import { planBlows } from './plan.ts';
import type { Tally } from './table.ts';

export interface KillsOn {
  readonly stackName: string;
  readonly kubeconfig: string;
  readonly temporalAddress: string;
  readonly objectStore: ObjectStore;
  /** Logs and pid files of our own processes; whatever runs there is ended first. */
  readonly folder: string;
  /** More for the environment of our own processes. */
  readonly env: Readonly<Record<string, string>>;
  readonly tell: (line: string) => void;
}

export async function runKills(
  on: KillsOn,
  { count, seed }: { readonly count: number; readonly seed: string },
): Promise<Tally> {
  const { stackName, kubeconfig, temporalAddress, objectStore, folder, tell } = on;
  mkdirSync(folder, { recursive: true });
  await Promise.all(ownStarted(folder).map((name) => stopOwn(name, folder)));
  process.env['KUBECONFIG'] = kubeconfig;
  const cluster = await connectCluster({ component: 'cli', log: createLog('kills', 'silent') });
  const { pvcs, sources, volumeSnapshots, jobs, pods } = cluster;
  await Promise.all([pvcs, sources, volumeSnapshots, jobs, pods].map((kind) => kind.watch().synced()));
  const connection = await Connection.connect({ address: temporalAddress });
  const temporal = new Client({ connection });
  const recorded = new Set<string>();
  const logs = new OwnLogs(folder);
  const watcher = await startOutsideWatcher(kubeconfig, (namespace) => recorded.has(namespace));
  const env = { ...on.env, ...SETTINGS, KUBECONFIG: kubeconfig, TEMPORAL_ADDRESS: temporalAddress };
  const ground = new Ground({ stackName, folder, env, cluster, temporal });
  try {
    await ground.start();
    const field = { cluster, objectStore, seed };
    const evidenceFolder = join(folder, `violations-${seed}`);
    const shared = { field, ground, temporal, watcher, logs, recorded };
    const campaign = new Campaign({ ...shared, evidenceFolder, tell });
    const tally = await campaign.run(planBlows(count, seed));
    for (const program of ground.endedByThemselves)
      tell(`the ${program} ended by itself, and was started again`);
    return tally;
  } finally {
    await ground.stop();
    await Promise.all([watcher.close(), connection.close(), cluster.close()]);
  }
}
