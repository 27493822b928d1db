import { createHash } from 'node:crypto';
import { Agent, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { Access } from './credentials.ts';

/** Pooled connections, made anew when key material changes. */
export interface Connections {
  /** For requests that end soon: few connections, used in turn. */
  forCalls(access: Access): Dispatcher;
  /** For watches and logs: each holds a connection of its own, so that calls never queue behind them. */
  forStreams(access: Access): Dispatcher;
  close(): Promise<void>;
}

const CALL_CONNECTIONS = 16;

export function createConnections(): Connections {
  let current: { readonly key: string; readonly calls: Dispatcher; readonly streams: Dispatcher } | undefined;
  const poolsFor = (access: Access): { calls: Dispatcher; streams: Dispatcher } => {
    const key = fingerprint(access);
    if (current?.key === key) return current;
    // Requests that run on the old pools finish there.
    if (current !== undefined) void Promise.allSettled([current.calls.close(), current.streams.close()]);
    current = { key, calls: createPool(access, CALL_CONNECTIONS), streams: createPool(access, null) };
    return current;
  };
  return {
    forCalls: (access) => poolsFor(access).calls,
    forStreams: (access) => poolsFor(access).streams,
    async close() {
      await Promise.all([current?.calls.destroy(), current?.streams.destroy()]);
      current = undefined;
    },
  };
}

function createPool({ tls, proxy }: Access, connections: number | null): Dispatcher {
  const options = {
    connections,
    // HTTP/1.1: with HTTP/2 one GOAWAY ends every watch at once.
    allowH2: false,
    keepAliveTimeout: 60_000,
    // Deadlines are ours (deadline.ts); a watch may be silent for longer than undici's default.
    bodyTimeout: 0,
  };
  const connect = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 };
  if (proxy !== undefined)
    return new ProxyAgent({ ...options, uri: proxy, requestTls: { ...connect, ...tls } });
  return new Agent({ ...options, connect: { ...connect, ...tls } });
}

function fingerprint({ origin, proxy, tls }: Access): string {
  const hash = createHash('sha256');
  for (const part of [
    origin,
    proxy,
    tls.ca,
    tls.cert,
    tls.key,
    tls.servername,
    String(tls.rejectUnauthorized),
  ]) {
    hash.update(part ?? '').update('\0');
  }
  return hash.digest('base64');
}
