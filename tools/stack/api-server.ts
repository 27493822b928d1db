// The few requests to the API server that make a cluster of it, as its administrator.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

export interface ApiServer {
  /** The object or list; undefined when there is none. */
  get(path: string): Promise<unknown>;
  isReady(): Promise<boolean>;
  /** Server-side apply of an object, or of a YAML document as it stands. */
  apply(path: string, manifest: object | string): Promise<void>;
}

interface Call {
  readonly method?: string;
  readonly body?: string;
  readonly contentType?: string;
}

/** The stack's API server at its port on 127.0.0.1. */
export function apiServerAt(layout: Layout, port: number): ApiServer {
  const read = (file: string) => readFileSync(join(layout.certificates, file));
  const agent = new https.Agent({
    keepAlive: true,
    ca: read('authority.crt'),
    cert: read('administrator.crt'),
    key: read('administrator.key'),
  });
  const request = (path: string, { method = 'GET', body, contentType }: Call) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType };
      const options = { host: '127.0.0.1', port, path, method, agent, headers, timeout: 10_000 };
      const outgoing = https.request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (more: string) => (text += more));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return {
    isReady: async () => (await request('/readyz', {})).status === 200,
    get: async (path) => {
      const answer = await request(path, {});
      if (answer.status === 404) return undefined;
      if (answer.status !== 200)
        throw new Error(`GET ${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
      return JSON.parse(answer.body) as unknown;
    },
    apply: async (path, manifest) => {
      const body = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
      const call = { method: 'PATCH', body, contentType: 'application/apply-patch+yaml' };
      const answer = await request(`${path}?fieldManager=stillpoint-stack&force=true`, call);
      if (answer.status >= 300)
        throw new Error(`Applying ${path} answered ${answer.status}: ${answer.body.slice(0, 400)}`);
    },
  };
}
