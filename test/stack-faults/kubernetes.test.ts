import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Cluster, SharedWatch } from '../../kubernetes/cluster.ts';
import type { Secret } from '../../api/kubernetes.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { pauseService, resumeService, startService, stopService } from '../../tools/stack/faults.ts';
import { stackName } from './scenario.ts';

const API_SERVER = 'kube-apiserver';
const NAMESPACE = `kubernetes-faults-${randomUUID().slice(0, 8)}`;
const REF = { namespace: NAMESPACE, name: 'orders' };
const stack = stackName();

let cluster: Cluster;
let watch: SharedWatch<Secret>;
beforeAll(async () => {
  vi.stubEnv('KUBECONFIG', inject('stack').kubeconfig);
  cluster = await connectCluster({ component: 'worker', log: createLog('test', 'silent') });
  await cluster.namespaces.create({ metadata: { name: NAMESPACE } });
  await cluster.secrets.create({ metadata: REF });
  watch = cluster.secrets.watch();
  await watch.synced(AbortSignal.timeout(10_000));
});
afterAll(async () => {
  await vi.waitFor(() => cluster.namespaces.delete({ namespace: '', name: NAMESPACE }), 60_000);
  await cluster.close();
  vi.unstubAllEnvs();
});

/** Writes until the API server takes it, then waits until the watch shows it. */
async function changeIsSeen(value: string): Promise<void> {
  const change = (): Promise<unknown> => cluster.secrets.patch(REF, { metadata: { annotations: { value } } });
  await vi.waitFor(change, { timeout: 90_000, interval: 250 });
  const seen = (secret: Secret | undefined): boolean | undefined =>
    secret?.metadata.annotations?.['value'] === value || undefined;
  await watch.waitFor(REF, seen, AbortSignal.timeout(60_000));
}

describe('when the API server', () => {
  it('dies and comes back, the watch goes on, and forgets nothing meanwhile', async () => {
    const heard: unknown[] = [];
    const stop = watch.subscribe(({ name }, secret) => name === REF.name && heard.push(secret));
    await stopService(stack, API_SERVER);
    await expect(cluster.secrets.get(REF)).rejects.toMatchObject({ code: 0 });
    expect(watch.get(REF)).toBeDefined();
    await startService(stack, API_SERVER);
    await changeIsSeen('after the crash');
    stop();
    expect(heard).not.toContain(undefined);
  });

  it('hangs, a call fails by its deadline, and all goes on once it answers again', async () => {
    await pauseService(stack, API_SERVER);
    try {
      await expect(cluster.secrets.get(REF)).rejects.toMatchObject({ reason: 'Timeout' });
    } finally {
      await resumeService(stack, API_SERVER);
    }
    await changeIsSeen('after the pause');
  });
});
