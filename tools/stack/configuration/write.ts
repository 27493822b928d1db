import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhenChanged } from '../files.ts';
import { inside, type Layout } from '../layout.ts';
import { containerNetwork, containerd } from './container-runtime.ts';
import { kubelet } from './kubelet.ts';
import { nameServer } from './name-server.ts';
import { serviceProxy } from './service-proxy.ts';

/** Writes every configuration file that has changed, and both kubeconfigs. */
export function writeConfiguration(layout: Layout, cniFolder: string, apiServerPort: number): void {
  const put = (file: string, text: string) => writeWhenChanged(join(layout.configuration, file), text);
  put('containerd.toml', containerd(layout, cniFolder));
  put('cni/10-stillpoint.conflist', containerNetwork(layout));
  put('kubelet.yaml', kubelet(layout));
  put('kube-proxy.yaml', serviceProxy(layout));
  put('Corefile', nameServer(layout));
  const secret = { mode: 0o600 };
  writeWhenChanged(layout.kubeconfig, kubeconfig(layout, `127.0.0.1:${apiServerPort}`), secret);
  writeWhenChanged(
    layout.kubeconfigInside,
    kubeconfig(layout, `${inside.gateway}:${inside.apiServer.port}`),
    secret,
  );
}

function kubeconfig(layout: Layout, address: string): string {
  const name = layout.network;
  const read = (file: string) => readFileSync(join(layout.certificates, file)).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: `https://${address}`, 'certificate-authority-data': read('authority.crt') },
      },
    ],
    users: [
      {
        name: 'administrator',
        user: {
          'client-certificate-data': read('administrator.crt'),
          'client-key-data': read('administrator.key'),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: 'administrator' } }],
    'current-context': name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
