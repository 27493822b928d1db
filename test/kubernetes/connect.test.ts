import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { startApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';

const log = createLog('test', 'silent');

let server: ApiServer;
let folder: string;
beforeEach(async () => {
  server = await startApiServer();
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-connect-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, server.config().exportConfig());
  vi.stubEnv('KUBECONFIG', kubeconfig);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  await rm(folder, { recursive: true });
});

describe('connecting to a cluster', () => {
  it('asks the server once whether it answers', async () => {
    const connecting = connectCluster({ component: 'cli', log });
    const request = await server.next();
    expect(request).toMatchObject({ path: '/api', headers: { 'user-agent': 'stillpoint/cli' } });
    request.json({});
    await (await connecting).close();
  });

  it('says which server does not answer', async () => {
    await server.stop();
    const connecting = connectCluster({ component: 'cli', log });
    await expect(connecting).rejects.toThrow(
      `Cannot use the Kubernetes API server ${server.url} (context "loaded-context"): get api: the API server cannot be reached (ECONNREFUSED`,
    );
  });

  it('says that the server refuses our credentials', async () => {
    const connecting = connectCluster({ component: 'cli', log });
    const refused = expect(connecting).rejects.toMatchObject({ reason: 'Unauthorized' });
    (await server.next()).refuse(401, 'Unauthorized');
    await refused;
  });

  it('says which contexts there are when the wanted one is not', async () => {
    const connecting = connectCluster({ component: 'cli', context: 'prod', log });
    await expect(connecting).rejects.toThrow('The kubeconfig has no context "prod"; it has loaded-context.');
  });

  it('says which kubeconfig cannot be read', async () => {
    vi.stubEnv('KUBECONFIG', join(folder, 'missing'));
    await expect(connectCluster({ component: 'cli', log })).rejects.toThrow(
      `Cannot read ${join(folder, 'missing')}: `,
    );
  });
});
