// Where everything of one stack is: folders on the host, addresses inside its network namespace.
import { join } from 'node:path';

const allStacks = '/var/tmp/stillpoint';

/** Addresses inside the namespace. All stacks use the same ones: they cannot see each other. */
export const inside = {
  bridge: 'stillpoint0',
  gateway: '10.244.0.1',
  podRange: '10.244.0.0/24',
  firstPod: '10.244.0.10',
  serviceRange: '10.245.0.0/24',
  apiService: '10.245.0.1',
  apiServer: { host: '10.244.0.1', port: 6443 },
  temporal: { host: '10.244.0.1', port: 7233 },
  temporalUi: { host: '10.244.0.1', port: 8233 },
  objectStore: { host: '10.244.0.1', port: 9000 },
  secureObjectStore: { host: '10.244.0.1', port: 9443 },
  etcd: { host: '127.0.0.1', port: 2379 },
  scheduler: { host: '127.0.0.1', port: 10259 },
  kubeletHealth: { host: '127.0.0.1', port: 10248 },
  proxyHealth: { host: '127.0.0.1', port: 10256 },
  dnsHealth: { host: '127.0.0.1', port: 8080 },
  dnsReady: { host: '127.0.0.1', port: 8181 },
} as const;

export const nodeName = 'stillpoint';
export const driverName = 'dir.csi.stillpoint.dev';

/** The clone that this program is part of. */
export const cloneFolder = join(import.meta.dirname, '..', '..');

export interface Layout {
  readonly name: string;
  readonly state: string;
  readonly network: string;
  readonly networkFile: string;
  readonly cgroup: string;
  readonly kubeconfig: string;
  /** The same user by the address that counts inside the namespace. */
  readonly kubeconfigInside: string;
  readonly certificates: string;
  /** Of an authority that nobody knows but whom we tell: not the cluster's. */
  readonly objectStoreCertificates: string;
  readonly configuration: string;
  readonly logs: string;
  readonly bin: string;
  /** A unix socket on the host that leads into the namespace (HTTP CONNECT). */
  readonly insideSocket: string;
  readonly containerdSocket: string;
  readonly driverSocket: string;
  /** Exists from the moment at which kubelet may start. */
  readonly apiServerWasReady: string;
}

/** Refuses names that would make an invalid or too long path, interface or cgroup. */
export function layoutOf(name: string): Layout {
  // kubelet's longest socket is 57 bytes below the state folder, and a unix socket's path may have 107.
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name))
    throw new Error(`The stack name "${name}" must be 1 to 20 of a-z, 0-9 and -, and begin with a letter.`);
  const state = join(allStacks, name);
  return {
    name,
    state,
    network: `sp-${name}`,
    networkFile: `/run/netns/sp-${name}`,
    cgroup: `stillpoint-${name}`,
    kubeconfig: join(state, 'kubeconfig'),
    kubeconfigInside: join(state, 'kubeconfig-inside'),
    certificates: join(state, 'certificates'),
    objectStoreCertificates: join(state, 'object-store-certificates'),
    configuration: join(state, 'configuration'),
    logs: join(state, 'logs'),
    bin: join(state, 'bin'),
    insideSocket: join(state, 'inside.sock'),
    containerdSocket: join(state, 'containerd', 'containerd.sock'),
    driverSocket: join(state, 'kubelet', 'plugins', 'dir', 'csi.sock'),
    apiServerWasReady: join(state, 'api-server-was-ready'),
  };
}

/** The folders that must exist before anything starts. */
export function foldersOf(layout: Layout): string[] {
  return [
    'logs',
    'bin',
    'configuration/cni',
    'etcd',
    'containerd/plugins',
    'kubelet/plugins/dir',
    'kubelet/plugins_registry',
    'kubelet/volume-plugins',
    'pod-logs',
    'volumes',
    'node',
    'temporal',
    'objects/repositories',
  ].map((folder) => join(layout.state, folder));
}
