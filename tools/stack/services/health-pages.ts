import { inside } from '../layout.ts';

const page = ({ host, port }: { host: string; port: number }, path: string, scheme = 'http') =>
  `${scheme}://${host}:${port}/${path}`;

/** Where each service says how it is, inside the stack's network. */
export const healthPages = {
  etcd: page(inside.etcd, 'health'),
  scheduler: page(inside.scheduler, 'readyz', 'https'),
  kubelet: page(inside.kubeletHealth, 'healthz'),
  serviceProxy: page(inside.proxyHealth, 'healthz'),
  nameServer: page(inside.dnsReady, 'ready'),
  temporalUi: page(inside.temporalUi, ''),
  objectStore: page(inside.objectStore, ''),
  secureObjectStore: page(inside.secureObjectStore, '', 'https'),
} as const;
