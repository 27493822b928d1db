// One way to the API server for every call, watch and log: credentials from the KubeConfig, pooled HTTP/1.1
// connections, a deadline, one mapping of errors, plain JSON. Why: docs/adr/0003-one-json-transport.md.
import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { kubernetesRequests } from '../telemetry/metrics.ts';
import { createConnections } from './connections.ts';
import { createCredentials } from './credentials.ts';
import type { Access } from './credentials.ts';
import { orAborted, startDeadline } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { KubernetesError, noCredentials, refused, timedOut, unreachable } from './kubernetes-error.ts';
import { observeDate, serverTime } from './server-clock.ts';
import type { ClockEstimate } from './server-clock.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete' | 'log';

export interface ApiRequest {
  readonly verb: Verb;
  /** Plural of the kind, for metrics and errors. */
  readonly resource: string;
  /** What errors call the object, like `shop/orders`. */
  readonly subject?: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, or for a stream's headers. */
  readonly deadlineMs?: number;
}

export interface StreamRequest extends ApiRequest {
  /** The longest silence of a stream that is alive; none when absent. */
  readonly silenceMs?: number;
}

/** Every failure is a KubernetesError, but for the caller's own abort, which throws the signal's reason. */
export interface Transport {
  call(request: ApiRequest): Promise<unknown>;
  /** The body of the answer as it comes. The request is sent when the first chunk is asked for. */
  stream(request: StreamRequest): AsyncGenerator<Uint8Array, void>;
  /** The API server's time, milliseconds since the epoch; this machine's until the first answer. */
  now(): number;
  close(): Promise<void>;
}

const DEADLINE_MS = 10_000;

const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  log: 'GET',
  create: 'POST',
  patch: 'PATCH',
  delete: 'DELETE',
} as const;

export function createTransport(load: () => KubeConfig, component: string): Transport {
  const credentials = createCredentials(load);
  const connections = createConnections();
  let clock: ClockEstimate | undefined;

  async function send(
    request: ApiRequest,
    deadline: Deadline,
    kind: 'call' | 'stream',
  ): Promise<Dispatcher.ResponseData> {
    const access = await orAborted(credentials.current(), deadline.signal).catch((error: unknown) => {
      throw deadline.signal.aborted ? error : noCredentials(asked(request), error);
    });
    const dispatcher = kind === 'stream' ? connections.forStreams(access) : connections.forCalls(access);
    const sent = performance.now();
    const response = await dispatcher.request({
      ...httpRequest(request, access, component),
      signal: deadline.signal,
    });
    const date = Date.parse(header(response, 'date') ?? '');
    if (!Number.isNaN(date)) clock = observeDate(clock, { sent, received: performance.now(), date });
    if (response.statusCode === 401) credentials.renew();
    return response;
  }

  return {
    async call(request) {
      const deadline = startDeadline(request.deadlineMs ?? DEADLINE_MS, request.signal);
      try {
        const response = await answered(request, deadline, send(request, deadline, 'call'));
        return await response.body.json();
      } catch (error) {
        throw failure(request, deadline, error);
      } finally {
        deadline.end();
      }
    },
    async *stream(request) {
      const deadline = startDeadline(request.deadlineMs ?? DEADLINE_MS, request.signal);
      try {
        const response = await answered(request, deadline, send(request, deadline, 'stream'));
        deadline.restart(request.silenceMs);
        for await (const chunk of response.body) {
          deadline.restart(request.silenceMs);
          yield chunk as Uint8Array;
        }
      } catch (error) {
        throw failure(request, deadline, error);
      } finally {
        deadline.end();
      }
    },
    now: () => (clock === undefined ? Date.now() : serverTime(clock, performance.now())),
    close: () => connections.close(),
  };
}

function httpRequest(request: ApiRequest, access: Access, component: string): Dispatcher.RequestOptions {
  return {
    origin: access.origin,
    path: `${access.basePath}${request.path}${queryString(request.query)}`,
    method: METHODS[request.verb],
    headers: {
      accept: request.verb === 'log' ? '*/*' : 'application/json',
      'user-agent': `stillpoint/${component}`,
      ...access.headers,
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
    body: request.body === undefined ? null : JSON.stringify(request.body),
    headersTimeout: request.deadlineMs ?? DEADLINE_MS,
  };
}

/** The answer if it is a success; counts every request once. */
async function answered(
  request: ApiRequest,
  deadline: Deadline,
  sending: Promise<Dispatcher.ResponseData>,
): Promise<Dispatcher.ResponseData> {
  const response = await sending.catch((error: unknown) => {
    const failed = failure(request, deadline, error);
    count(request, failed instanceof KubernetesError ? failed.reason : 'Aborted');
    throw failed;
  });
  count(request, String(response.statusCode));
  if (response.statusCode < 400) return response;
  const body = await response.body.text();
  throw refused(asked(request), {
    code: response.statusCode,
    body,
    retryAfter: header(response, 'retry-after'),
  });
}

function failure(request: ApiRequest, deadline: Deadline, error: unknown): unknown {
  if (request.signal?.aborted) return request.signal.reason;
  if (error instanceof KubernetesError) return error;
  if (deadline.passed) return timedOut(asked(request), deadline.milliseconds ?? 0);
  return unreachable(asked(request), error);
}

function count({ verb, resource }: ApiRequest, code: string): void {
  kubernetesRequests.inc({ verb, resource, code });
}

function asked({ verb, resource, subject }: ApiRequest): string {
  return [verb, resource, subject].filter((part) => part !== undefined && part !== '').join(' ');
}

function queryString(query: ApiRequest['query']): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) given.set(name, String(value));
  }
  return given.size === 0 ? '' : `?${given.toString()}`;
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
