import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** Every metric of this process. */
export const registry = new Registry();

export const kubernetesRequests = new Counter({
  name: 'stillpoint_kubernetes_requests_total',
  help: 'Requests to the Kubernetes API server. `code` is the HTTP status, or the reason when no answer came.',
  labelNames: ['verb', 'resource', 'code'] as const,
  registers: [registry],
});

export const watchRelists = new Counter({
  name: 'stillpoint_watch_relists_total',
  help: 'How often a shared watch had to read its whole collection; `reason` is start or expired.',
  labelNames: ['resource', 'reason'] as const,
  registers: [registry],
});

export const watchErrors = new Counter({
  name: 'stillpoint_watch_errors_total',
  help: 'Interruptions of shared watches by error; each is followed by another attempt.',
  labelNames: ['resource', 'reason'] as const,
  registers: [registry],
});

export const watchLastEvent = new Gauge({
  name: 'stillpoint_watch_last_event_timestamp_seconds',
  help: 'When a shared watch last received an event or a bookmark.',
  labelNames: ['resource'] as const,
  registers: [registry],
});

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface MetricsServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Loopback unless told; in a pod `0.0.0.0`, because kubelet and Prometheus come from outside. */
  readonly host?: string;
  /** Whether this process can do its work now. /livez never asks it: a restart does not bring a cluster back. */
  readonly ready: () => boolean | Promise<boolean>;
}

/** Serves /metrics, /healthz and /livez (the same), and /readyz. */
export async function serveMetrics({
  port,
  host = '127.0.0.1',
  ready,
}: MetricsServerOptions): Promise<MetricsServer> {
  collectProcessMetrics();
  const server = createServer((request, response) => {
    answer(request.url ?? '/', response, ready).catch((error: unknown) => {
      respond(response, 503, error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  path: string,
  response: ServerResponse,
  ready: MetricsServerOptions['ready'],
): Promise<void> {
  response.setHeader(
    'content-type',
    path === '/metrics' ? registry.contentType : 'text/plain; charset=utf-8',
  );
  if (path === '/metrics') return respond(response, 200, await registry.metrics());
  if (path === '/healthz' || path === '/livez') return respond(response, 200, 'ok');
  if (path !== '/readyz') return respond(response, 404, 'not found');
  if (await ready()) return respond(response, 200, 'ok');
  return respond(response, 503, 'not ready');
}

function respond(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status);
  response.end(body.endsWith('\n') ? body : `${body}\n`);
}

let collecting = false;
function collectProcessMetrics(): void {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics({ register: registry });
}
