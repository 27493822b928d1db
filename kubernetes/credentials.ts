import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** Key material of a connection. */
export interface Tls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** How to reach the API server and who we are there. */
export interface Access {
  readonly origin: string;
  /** Before every path, for servers behind a gateway (`/k8s/clusters/c-1`); empty else. */
  readonly basePath: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls;
  readonly proxy?: string;
}

export interface Credentials {
  /** For the next request: client-node re-reads token and CA files, and runs exec plugins when due. */
  current(): Promise<Access>;
  /** The server refused us: read the configuration again, for it may have been rotated on disk. */
  renew(): void;
}

export function createCredentials(load: () => KubeConfig): Credentials {
  let config = load();
  let running: Promise<Access> | undefined;
  return {
    current() {
      // A burst of requests runs an exec plugin once.
      running ??= readAccess(config).finally(() => (running = undefined));
      return running;
    },
    renew() {
      try {
        config = load();
      } catch {
        // Half-written at this moment; what we have stays until the next refusal.
      }
    },
  };
}

async function readAccess(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`context "${config.getCurrentContext()}" names no cluster`);
  if (cluster.proxyUrl?.startsWith('socks'))
    throw new Error('SOCKS proxies are not supported; use an HTTP proxy');
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const server = new URL(cluster.server);
  return {
    origin: server.origin,
    basePath: server.pathname.replace(/\/+$/, ''),
    headers: { ...(options.headers as Record<string, string>), ...basicAuth(options.auth) },
    tls: tlsOf(options),
    ...(cluster.proxyUrl === undefined ? {} : { proxy: cluster.proxyUrl }),
  };
}

function basicAuth(auth: string | null | undefined): Record<string, string> {
  return auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): Tls {
  const given = { ca, cert, key, servername, rejectUnauthorized };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Tls;
}
