import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import type { ApiRequest, Transport } from '../../kubernetes/transport.ts';
import { registry } from '../../telemetry/metrics.ts';
import { configFor, startApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';

const READ: ApiRequest = {
  verb: 'get',
  resource: 'pvcs',
  subject: 'shop/orders',
  path: '/api/v1/namespaces/shop/pvcs/orders',
};

let server: ApiServer;
let transport: Transport;
beforeEach(async () => {
  server = await startApiServer();
  transport = createTransport(() => server.config(), 'worker');
});
afterEach(async () => {
  await transport.close();
  await server.stop();
});

async function failureOf(call: Promise<unknown>): Promise<KubernetesError> {
  const failed = await call.then(
    () => 'no failure',
    (error: unknown) => error,
  );
  if (!(failed instanceof KubernetesError))
    throw new Error(`expected a KubernetesError, got ${String(failed)}`);
  return failed;
}

describe('a call', () => {
  it('says who we are', async () => {
    const call = transport.call(READ);
    const request = await server.next();
    request.json({ fine: true });
    expect(await call).toEqual({ fine: true });
    expect(request.headers).toMatchObject({
      'user-agent': 'stillpoint/worker',
      authorization: 'Bearer tester-token',
    });
  });

  it('keeps keys that no schema knows, and times as strings', async () => {
    const object = { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, enum: ['a'], 'x-unknown': 1 };
    const call = transport.call(READ);
    (await server.next()).json(object);
    expect(await call).toEqual(object);
  });

  it('shares few connections among many calls', async () => {
    server.serve((request) => request.json({}));
    await Promise.all(Array.from({ length: 200 }, () => transport.call(READ)));
    expect(server.connections).toBeLessThanOrEqual(16);
  });

  it('never queues behind streams', async () => {
    server.serve((request) => (request.query['watch'] ? request.stream().write('open') : request.json({})));
    const streams = Array.from({ length: 40 }, () =>
      transport.stream({ ...READ, verb: 'watch', query: { watch: true } }),
    );
    await Promise.all(streams.map((stream) => stream.next()));
    expect(await transport.call(READ)).toEqual({});
  });

  it.each([
    [404, 'NotFound'],
    [409, 'AlreadyExists'],
    [409, 'Conflict'],
    [422, 'Invalid'],
    [403, 'Forbidden'],
  ])(
    "that is refused with %d %s throws the API server's reason and names the object",
    async (code, reason) => {
      const failed = failureOf(transport.call(READ));
      (await server.next()).refuse(code, reason);
      expect(await failed).toMatchObject({
        code,
        reason,
        message: `get pvcs shop/orders: the test says ${reason}`,
      });
    },
  );

  it('that is told to come back later says when', async () => {
    const failed = failureOf(transport.call(READ));
    (await server.next()).json('slow down', { status: 429, headers: { 'retry-after': '7' } });
    expect(await failed).toMatchObject({ code: 429, reason: 'TooManyRequests', retryAfterSeconds: 7 });
  });

  it('for a kind whose CRD is missing says what to apply', async () => {
    const failed = failureOf(transport.call(READ));
    (await server.next()).json('404 page not found', { status: 404 });
    expect(await failed).toMatchObject({ reason: 'UnknownKind' });
    expect((await failed).message).toContain('apply its CustomResourceDefinition');
  });

  it('to a server that is away is Unreachable', async () => {
    await server.stop();
    expect(await failureOf(transport.call(READ))).toMatchObject({ code: 0, reason: 'Unreachable' });
  });

  it('whose connection breaks is Unreachable', async () => {
    const failed = failureOf(transport.call(READ));
    (await server.next()).reset();
    expect(await failed).toMatchObject({ code: 0, reason: 'Unreachable' });
  });

  it('that gets no answer in time is a Timeout', async () => {
    const failed = await failureOf(transport.call({ ...READ, deadlineMs: 50 }));
    expect(failed).toMatchObject({
      reason: 'Timeout',
      message: 'get pvcs shop/orders: the API server gave no answer within 0.05 s',
    });
  });

  it('whose answer stops in the middle is a Timeout', async () => {
    const failed = failureOf(transport.call({ ...READ, deadlineMs: 100 }));
    (await server.next()).stream().write('{"half":');
    expect(await failed).toMatchObject({ reason: 'Timeout' });
  });

  it("that its caller gives up throws the caller's reason, and leaves the server", async () => {
    const caller = new AbortController();
    const call = transport.call({ ...READ, signal: caller.signal });
    const request = await server.next();
    const reason = new Error('cancelled by the workflow');
    caller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await request.closed;
  });

  it('is counted by verb, resource and code', async () => {
    registry.resetMetrics();
    const failed = failureOf(transport.call(READ));
    (await server.next()).refuse(404, 'NotFound');
    await failed;
    await failureOf(transport.call({ ...READ, deadlineMs: 30 }));
    const metrics = await registry.metrics();
    expect(metrics).toContain(
      'stillpoint_kubernetes_requests_total{verb="get",resource="pvcs",code="404"} 1',
    );
    expect(metrics).toContain(
      'stillpoint_kubernetes_requests_total{verb="get",resource="pvcs",code="Timeout"} 1',
    );
  });
});

describe('credentials', () => {
  it('are read again after the server refused them', async () => {
    let token = 'old';
    const rotating = createTransport(() => {
      const config = configFor(server.url);
      config.users = [{ name: 'tester', token }];
      return config;
    }, 'worker');
    server.serve((request) => {
      if (request.headers['authorization'] === 'Bearer new') request.json({});
      else request.refuse(401, 'Unauthorized');
    });
    token = 'new';
    expect(await failureOf(rotating.call(READ))).toMatchObject({ reason: 'Unauthorized' });
    expect(await rotating.call(READ)).toEqual({});
    await rotating.close();
  });

  it('come from an exec plugin that runs once for a burst of calls', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stillpoint-exec-'));
    const runs = join(folder, 'runs');
    const script = `echo run >> ${runs}; echo '{"status":{"token":"from-plugin"}}'`;
    const config = configFor(server.url);
    config.users = [{ name: 'tester', exec: { command: 'sh', args: ['-c', script] } }];
    const plugged = createTransport(() => config, 'worker');
    server.serve((request) => request.json(request.headers['authorization']));
    const answers = await Promise.all([plugged.call(READ), plugged.call(READ)]);
    expect(answers).toEqual(['Bearer from-plugin', 'Bearer from-plugin']);
    expect(await readFile(runs, 'utf8')).toBe('run\n');
    await plugged.close();
    await rm(folder, { recursive: true });
  });

  it('that cannot be had are one sentence, not a crash', async () => {
    const config = configFor(server.url);
    config.users = [
      { name: 'tester', exec: { command: 'sh', args: ['-c', 'echo expired login >&2; exit 1'] } },
    ];
    const plugged = createTransport(() => config, 'worker');
    const failed = await failureOf(plugged.call(READ));
    expect(failed).toMatchObject({ reason: 'Unauthorized' });
    expect(failed.message).toContain('expired login');
    await plugged.close();
  });
});

describe("the API server's time", () => {
  it("is taken from its answers, however wrong this machine's clock is", async () => {
    const date = new Date(Date.now() + 4 * 60_000);
    const call = transport.call(READ);
    (await server.next()).json({}, { headers: { date: date.toUTCString() } });
    await call;
    expect(Math.abs(transport.now() - date.getTime())).toBeLessThan(2_000);
  });
});
