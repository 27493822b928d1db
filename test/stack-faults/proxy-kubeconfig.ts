// Both sides of a proxy before the API server: how it gets there itself, and what its clients are told.
import { mkdtempSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { createCredentials } from '../../kubernetes/credentials.ts';

export interface Upstream {
  readonly host: string;
  readonly port: string;
  readonly agent: https.Agent;
}

/** The real API server, with the client certificate of the kubeconfig. */
export async function upstreamOf(kubeconfig: string): Promise<Upstream> {
  const { origin, tls } = await createCredentials(() => load(kubeconfig)).current();
  const { hostname: host, port } = new URL(origin);
  return { host, port, agent: new https.Agent({ ...tls, keepAlive: true }) };
}

/** For clients of a proxy that needs nobody to log in. */
export function writeKubeconfig(port: number, certificate: string): string {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'through-the-proxy',
      server: `https://127.0.0.1:${port}`,
      caData: Buffer.from(certificate).toString('base64'),
      skipTLSVerify: false,
    },
    { name: 'anybody' },
  );
  return write(config);
}

/** The same cluster and user at another port of 127.0.0.1, for which the certificate of the stack holds, too. */
export function writeKubeconfigAt(port: number, kubeconfig: string): string {
  const config = load(kubeconfig);
  config.clusters = config.clusters.map((cluster) => ({ ...cluster, server: `https://127.0.0.1:${port}` }));
  return write(config);
}

export function portOf(kubeconfig: string): number {
  return Number(new URL(load(kubeconfig).getCurrentCluster()?.server ?? '').port);
}

function load(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}

function write(config: KubeConfig): string {
  const file = join(mkdtempSync(join(tmpdir(), 'stillpoint-kubeconfig-')), 'kubeconfig');
  writeFileSync(file, config.exportConfig(), { mode: 0o600 });
  return file;
}
