// A proxy in front of the real API server that breaks chosen requests; all others go through as they are.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '../kubernetes/api-server.ts';
import { fits, readCall } from './api-call.ts';
import type { ApiCall, Match } from './api-call.ts';
import { createRules } from './fault-rules.ts';
import type { ApiFault, Rule, Which } from './fault-rules.ts';
import { openStream } from './proxied-stream.ts';
import type { ProxiedStream } from './proxied-stream.ts';
import { makeCertificate } from './throw-away-certificate.ts';
import { upstreamOf, writeKubeconfig } from './proxy-kubeconfig.ts';
import type { Upstream } from './proxy-kubeconfig.ts';

/** In a watch: the place from which it went on is no longer known. */
export const EXPIRED = `${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired') })}\n`;

export interface FaultProxy extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Breaks the requests that fit: the first, each at its first time (by verb and object), or all until it is lifted. */
  breaks(match: Match, fault: ApiFault, which?: Which): Rule;
  /** The watches that are open now. */
  streams(match: Match): readonly ProxiedStream[];
}

/** `kubeconfig` leads to the real API server. */
export async function startFaultProxy(kubeconfig: string): Promise<FaultProxy> {
  const upstream = await upstreamOf(kubeconfig);
  const rules = createRules();
  const streams = new Set<ProxiedStream>();
  const { key, certificate } = await makeCertificate();
  const server = https.createServer({ key, cert: certificate }, async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return; // The client has gone.
    const call = readCall(request, body);
    const exchange = { request, response, call, upstream, streams };
    await answer(exchange, rules.faultFor(call)).catch(() => cut(response));
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    kubeconfig: writeKubeconfig(port, certificate),
    breaks: (match, fault, which = 'all') => rules.add(match, fault, which),
    streams: (match) => [...streams].filter(({ call }) => fits(call, match)),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      upstream.agent.destroy();
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: ApiCall;
  readonly upstream: Upstream;
  readonly streams: Set<ProxiedStream>;
}

async function answer(exchange: Exchange, fault: ApiFault | undefined): Promise<void> {
  const { response } = exchange;
  switch (fault?.kind) {
    case 'refused':
      return refuse(response, fault);
    case 'unanswered':
      return;
    case 'expired':
      response.writeHead(200, { 'content-type': 'application/json' });
      return void response.end(EXPIRED);
    case 'answerLost':
    case 'answerTorn':
      return carryOutAndCut(exchange, fault.kind);
    case 'held':
    case 'slow':
    case undefined:
      return carryOut(exchange, fault);
  }
}

async function carryOut(
  exchange: Exchange,
  fault: Extract<ApiFault, { kind: 'held' | 'slow' }> | undefined,
): Promise<void> {
  const { response, call } = exchange;
  if (fault?.kind === 'held') await sleep(fault.ms);
  if (response.closed) return;
  await (isStream(call) ? stream(exchange, fault?.ms ?? 0) : pass(exchange));
}

function isStream({ verb }: ApiCall): boolean {
  return verb === 'watch' || verb === 'log';
}

function refuse(
  response: ServerResponse,
  { code, reason, retryAfterSeconds }: Extract<ApiFault, { kind: 'refused' }>,
): void {
  const wait = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  response.writeHead(code, { 'content-type': 'application/json', ...wait });
  response.end(JSON.stringify(status(code, reason)));
}

async function pass(exchange: Exchange): Promise<void> {
  const { response } = exchange;
  const answered = await forward(exchange);
  const body = await text(answered);
  response.writeHead(answered.statusCode ?? 500, headersOf(answered));
  response.end(body);
}

async function carryOutAndCut(exchange: Exchange, how: 'answerLost' | 'answerTorn'): Promise<void> {
  const { response } = exchange;
  const answered = await forward(exchange);
  const body = await text(answered);
  if (how === 'answerTorn') {
    response.writeHead(answered.statusCode ?? 500, headersOf(answered));
    response.write(body.slice(0, Math.floor(body.length / 2)));
    await sleep(20); // Else the cut overtakes the bytes.
  }
  cut(response);
}

async function stream(exchange: Exchange, delayMs: number): Promise<void> {
  const { response, call, streams } = exchange;
  const answered = await forward(exchange);
  response.writeHead(answered.statusCode ?? 500, headersOf(answered));
  response.flushHeaders();
  const proxied = openStream({ call, from: answered, to: response, delayMs });
  streams.add(proxied);
  await proxied.ended;
  streams.delete(proxied);
}

async function forward({ request, response, call, upstream }: Exchange): Promise<IncomingMessage> {
  const { 'content-type': type, accept = '*/*', 'user-agent': agent = '' } = request.headers;
  const headers = {
    accept,
    'user-agent': agent,
    ...(type !== undefined && { 'content-type': type }),
    // Said, because Node would not for DELETE, whose body has the preconditions.
    'content-length': Buffer.byteLength(call.body),
  };
  const outgoing = https.request({
    ...upstream,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers,
  });
  response.once('close', () => outgoing.destroy());
  outgoing.end(call.body);
  const [answered] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answered;
}

/** Bodies are sent whole, so that how the real server cut them into chunks does not matter. */
function headersOf({ headers }: IncomingMessage) {
  const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...kept } = headers;
  return kept;
}

function cut(response: ServerResponse): void {
  response.socket?.destroy();
}
