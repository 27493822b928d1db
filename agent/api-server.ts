// The API server by plain https, because a small companion cannot carry a client library: the token is read again for
// each request, because kubelet rotates it, and the authority's certificate with it.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { startDeadline } from '../kubernetes/deadline.ts';
import type { Deadline } from '../kubernetes/deadline.ts';
import {
  KubernetesError,
  noCredentials,
  refused,
  timedOut,
  unreachable,
} from '../kubernetes/kubernetes-error.ts';
import { observeDate, serverTime } from '../kubernetes/server-clock.ts';
import type { ClockEstimate } from '../kubernetes/server-clock.ts';

export interface ApiServerPlace {
  readonly address: string;
  readonly tokenFile: string;
  readonly caFile: string;
}

export interface ApiCall {
  /** As it stands in errors: `patch persistentvolumeclaims shop/data`. */
  readonly asked: string;
  readonly method: 'GET' | 'PATCH';
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Every failure is a KubernetesError, but for the caller's own abort. */
export interface ApiServer {
  call(call: ApiCall): Promise<unknown>;
  /** The body as it comes, for as long as it is never silent for `silenceMs`. */
  stream(call: ApiCall & { readonly silenceMs: number }): AsyncGenerator<Uint8Array, void>;
  /** Its clock; undefined until its first answer. This machine's own may be wrong by minutes. */
  now(): number | undefined;
  close(): void;
}

const DEADLINE_MS = 5_000;

export function connectApiServer(place: ApiServerPlace): ApiServer {
  const server = new URL(place.address);
  const connections = createConnections(server.protocol);
  let clock: ClockEstimate | undefined;

  const send = async (call: ApiCall, deadline: Deadline): Promise<IncomingMessage> => {
    const { ca, ...options } = optionsOf(call, place);
    const sent = performance.now();
    const connected = { ...options, agent: connections.trusting(ca), signal: deadline.signal };
    const answer = await answerTo(server, connected, call.body);
    const date = Date.parse(answer.headers.date ?? '');
    if (!Number.isNaN(date)) clock = observeDate(clock, { sent, received: performance.now(), date });
    const { statusCode: code = 500 } = answer;
    if (code < 400) return answer;
    throw refused(call.asked, { code, body: await text(answer), retryAfter: answer.headers['retry-after'] });
  };

  return {
    async call(call) {
      const deadline = startDeadline(DEADLINE_MS, call.signal);
      try {
        return JSON.parse(await text(await send(call, deadline)));
      } catch (error) {
        throw failure(call, deadline, error);
      } finally {
        deadline.end();
      }
    },
    async *stream(call) {
      const deadline = startDeadline(DEADLINE_MS, call.signal);
      try {
        const answer = await send(call, deadline);
        deadline.restart(call.silenceMs);
        for await (const chunk of answer) {
          deadline.restart(call.silenceMs);
          yield chunk as Uint8Array;
        }
      } catch (error) {
        throw failure(call, deadline, error);
      } finally {
        deadline.end();
      }
    },
    now: () => clock && serverTime(clock, performance.now()),
    close: () => connections.close(),
  };
}

interface Connections {
  /** New ones when the authority is another than before; what runs on the old ones ends there. */
  trusting(ca: string): http.Agent;
  close(): void;
}

function createConnections(protocol: string): Connections {
  const options = { keepAlive: true, maxSockets: 8 };
  let current: { readonly ca: string; readonly agent: http.Agent } | undefined;
  return {
    trusting(ca) {
      if (current?.ca !== ca)
        current = {
          ca,
          agent: protocol === 'http:' ? new http.Agent(options) : new https.Agent({ ...options, ca }),
        };
      return current.agent;
    },
    close: () => current?.agent.destroy(),
  };
}

function optionsOf({ asked, method, path, body }: ApiCall, { tokenFile, caFile }: ApiServerPlace) {
  try {
    const token = readFileSync(tokenFile, 'utf8').trim();
    const type = body === undefined ? {} : { 'content-type': 'application/merge-patch+json' };
    const headers = {
      accept: 'application/json',
      'user-agent': 'stillpoint/agent',
      authorization: `Bearer ${token}`,
    };
    return { method, path, headers: { ...headers, ...type }, ca: readFileSync(caFile, 'utf8') };
  } catch (error) {
    throw noCredentials(asked, error);
  }
}

function answerTo(server: URL, options: RequestOptions, body: unknown): Promise<IncomingMessage> {
  const { request } = server.protocol === 'http:' ? http : https;
  return new Promise((resolve, reject) => {
    const outgoing = request(server, options, resolve);
    outgoing.once('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function failure({ asked, signal }: ApiCall, deadline: Deadline, error: unknown): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof KubernetesError) return error;
  return deadline.passed ? timedOut(asked, deadline.milliseconds ?? 0) : unreachable(asked, error);
}
