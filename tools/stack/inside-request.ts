// Requests to addresses inside a stack's network, made from the host through the relay's unix socket.
import http from 'node:http';
import https from 'node:https';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Layout } from './layout.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A connection to an address inside the stack's network. */
export function connectInside(layout: Layout, address: { host: string; port: number }): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const path = `${address.host}:${address.port}`;
    const request = http.request({ socketPath: layout.insideSocket, method: 'CONNECT', path, timeout: 2000 });
    request.on('connect', (_answer, socket) => resolve(socket));
    request.on('timeout', () => request.destroy(new Error(`no connection to ${path}`)));
    request.on('error', reject);
    request.end();
  });
}

/** Reads a health page. Whose certificate it shows does not matter: nobody else is on this network. */
export async function readInside(layout: Layout, url: URL): Promise<Answer> {
  const secure = url.protocol === 'https:';
  const socket = await connectInside(layout, { host: url.hostname, port: Number(url.port) });
  const options = { method: 'GET', timeout: 2000 } as const;
  return new Promise((resolve, reject) => {
    const request = secure
      ? https.request(url, {
          ...options,
          createConnection: () => connectTls({ socket, rejectUnauthorized: false }),
        })
      : http.request(url, { ...options, createConnection: () => socket });
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url.href}`)));
    request.on('error', reject);
    request.end();
  });
}
