// A real HTTP server on loopback, at which the test itself plays the API server: each request waits in
// `next()` until the test answers it. For orders of events that a real API server does not show at will.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../api/kubernetes.ts';

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  /** Connections that clients have opened so far. */
  readonly connections: number;
  config(): KubeConfig;
  /** The next request that nobody has answered yet. */
  next(): Promise<ReceivedRequest>;
  /** Answers every request by this function from now on. */
  serve(answer: (request: ReceivedRequest) => void): void;
  /** Cuts all connections and stops listening; `start` listens on the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed, or undefined when there is none. */
  readonly body: unknown;
  /** Whether the client has gone. */
  readonly closed: Promise<void>;
  json(body: unknown, options?: { status?: number; headers?: Record<string, string> }): void;
  /** A Status with the reason that a real API server gives for the code. */
  refuse(code: number, reason: string, details?: object): void;
  /** Sends the headers of a stream. */
  stream(): ServedStream;
  reset(): void;
}

export interface ServedStream {
  write(text: string): void;
  event(type: string, object: object): void;
  /** The bookmark after the last initial object. */
  complete(resourceVersion: string): void;
  end(): void;
  reset(): void;
}

export async function startApiServer(): Promise<ApiServer> {
  const waiting: ReceivedRequest[] = [];
  const asking: ((request: ReceivedRequest) => void)[] = [];
  let serve: ((request: ReceivedRequest) => void) | undefined;
  let connections = 0;

  const server = createServer(async (request, response) => {
    const received = await receive(request, response);
    const take = serve ?? asking.shift();
    if (take === undefined) waiting.push(received);
    else take(received);
  });
  server.on('connection', () => (connections += 1));
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };

  const port = await listen(0);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    get connections() {
      return connections;
    },
    config: () => configFor(url),
    next: async () => waiting.shift() ?? new Promise((resolve) => asking.push(resolve)),
    serve(answer) {
      serve = answer;
      waiting.splice(0).forEach(answer);
    },
    stop,
    async start() {
      await listen(port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** client-node refuses http without skipTLSVerify. */
export function configFor(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'loopback', server, skipTLSVerify: true },
    { name: 'tester', token: 'tester-token' },
  );
  return config;
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<ReceivedRequest> {
  const url = new URL(request.url ?? '/', 'http://loopback');
  const body = await text(request);
  const json: ReceivedRequest['json'] = (answer, { status = 200, headers = {} } = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(answer));
  };
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    body: body === '' ? undefined : JSON.parse(body),
    closed: new Promise((resolve) => response.once('close', () => resolve())),
    json,
    refuse: (code, reason, details) => json(status(code, reason, details), { status: code }),
    stream: () => openStream(response),
    reset: () => response.socket?.resetAndDestroy(),
  };
}

export function status(code: number, reason: string, details?: object): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: `the test says ${reason}`,
    details,
  };
}

function openStream(response: ServerResponse): ServedStream {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const write = (chunk: string): void => void response.write(chunk);
  const event = (type: string, object: object): void => write(`${JSON.stringify({ type, object })}\n`);
  return {
    write,
    event,
    complete: (resourceVersion) =>
      event('BOOKMARK', {
        metadata: { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } },
      }),
    end: () => void response.end(),
    reset: () => response.socket?.resetAndDestroy(),
  };
}

/** An object as a watch event carries it. */
export function anObject(name: string, resourceVersion: string, uid = `uid-of-${name}`): KubernetesObject {
  return {
    metadata: {
      namespace: 'shop',
      name,
      uid,
      resourceVersion,
      managedFields: [{ manager: 'someone', time: '2026-01-01T00:00:00Z' }],
    },
  };
}
