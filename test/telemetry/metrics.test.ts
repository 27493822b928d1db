import { afterEach, describe, expect, it } from 'vitest';
import { kubernetesRequests, serveMetrics } from '../../telemetry/metrics.ts';
import type { MetricsServer } from '../../telemetry/metrics.ts';

let server: MetricsServer;
afterEach(() => server.close());

async function get(path: string): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return [response.status, await response.text()];
}

describe('the metrics server', () => {
  it('shows the metrics of the process', async () => {
    server = await serveMetrics({ port: 0, ready: () => true });
    kubernetesRequests.inc({ verb: 'get', resource: 'pvcs', code: '200' });
    const [status, metrics] = await get('/metrics');
    expect(status).toBe(200);
    expect(metrics).toContain('stillpoint_kubernetes_requests_total{verb="get",resource="pvcs",code="200"}');
    expect(metrics).toContain('nodejs_eventloop_lag_seconds');
  });

  it('is alive whether or not the process is ready', async () => {
    let ready = false;
    server = await serveMetrics({ port: 0, ready: () => ready });
    expect(await get('/livez')).toEqual([200, 'ok\n']);
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    expect((await get('/readyz'))[0]).toBe(503);
    ready = true;
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
  });

  it('is not ready when the check fails', async () => {
    server = await serveMetrics({ port: 0, ready: () => Promise.reject(new Error('Temporal is away')) });
    expect(await get('/readyz')).toEqual([503, 'Temporal is away\n']);
  });

  it('says that a port is taken', async () => {
    server = await serveMetrics({ port: 0, ready: () => true });
    await expect(serveMetrics({ port: server.port, ready: () => true })).rejects.toThrow('EADDRINUSE');
  });
});
