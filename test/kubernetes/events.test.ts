import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster, ClusterEvent } from '../../kubernetes/cluster.ts';
import { createCluster } from '../../kubernetes/connect.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import { createLog } from '../../telemetry/log.ts';
import { startApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';

const COMPLETED: ClusterEvent = {
  regarding: {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { namespace: 'shop', name: 'orders', uid: 'u1' },
  },
  type: 'Normal',
  reason: 'CopyCompleted',
  action: 'Copy',
  note: 'The copy stands.',
};

let server: ApiServer;
let cluster: Cluster;
let logged: string[];
beforeEach(async () => {
  server = await startApiServer();
  logged = [];
  const log = createLog('test', 'info', { write: (line) => void logged.push(line) });
  cluster = createCluster({
    transport: createTransport(() => server.config(), 'worker'),
    component: 'worker',
    log,
  });
});
afterEach(async () => {
  await cluster.close();
  await server.stop();
});

async function recorded(
  event: ClusterEvent,
): Promise<{ method: string; path: string; body: Record<string, unknown> }> {
  const done = cluster.record(event);
  const request = await server.next();
  request.json({});
  await done;
  return { method: request.method, path: request.path, body: request.body as Record<string, unknown> };
}

describe('an event', () => {
  it('stands on the object that its owner looks at', async () => {
    const { method, path, body } = await recorded(COMPLETED);
    expect([method, path]).toEqual(['POST', '/apis/events.k8s.io/v1/namespaces/shop/events']);
    expect(body).toMatchObject({
      metadata: { name: expect.stringMatching(/^orders\.[0-9a-f]{16}$/), namespace: 'shop' },
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      reportingController: 'stillpoint.dev/worker',
      regarding: { kind: 'ReplicationSource', name: 'orders', uid: 'u1' },
      type: 'Normal',
      reason: 'CopyCompleted',
      action: 'Copy',
      note: 'The copy stands.',
    });
  });

  it('that happens again counts up the first one', async () => {
    const first = await recorded(COMPLETED);
    const { name } = first.body['metadata'] as { name: string };
    const second = await recorded(COMPLETED);
    expect(second).toMatchObject({ method: 'PATCH', body: { series: { count: 2 } } });
    expect(second.path).toMatch(new RegExp(`/${name}$`));
    expect(await recorded(COMPLETED)).toMatchObject({ body: { series: { count: 3 } } });
  });

  it('with another note is a new one', async () => {
    await recorded(COMPLETED);
    expect(await recorded({ ...COMPLETED, note: 'Another one.' })).toMatchObject({ method: 'POST' });
  });

  it('is written anew when the first one is gone', async () => {
    await recorded(COMPLETED);
    const done = cluster.record(COMPLETED);
    (await server.next()).refuse(404, 'NotFound');
    const request = await server.next();
    expect(request.method).toBe('POST');
    request.json({});
    await done;
  });

  it('of two at once is written once and counted once', async () => {
    const both = Promise.all([cluster.record(COMPLETED), cluster.record(COMPLETED)]);
    const first = await server.next();
    first.json({});
    const second = await server.next();
    second.json({});
    await both;
    expect([first.method, second.method]).toEqual(['POST', 'PATCH']);
  });

  it('with a long note is shortened to what the API server takes', async () => {
    const { body } = await recorded({ ...COMPLETED, note: 'ä€'.repeat(1000) });
    const note = String(body['note']);
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).toMatch(/^(ä€)+ä?…$/);
  });

  it('never throws: a refusal is logged', async () => {
    const done = cluster.record(COMPLETED);
    (await server.next()).refuse(403, 'Forbidden');
    await done;
    expect(logged.join()).toContain('event not recorded');
  });
});
