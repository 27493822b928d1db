// kube-proxy, DNS, the snapshot controller and the sidecars of our CSI driver.
import type { Layout } from '../layout.ts';
import type { Service } from '../processes.ts';
import type { Toolchain } from '../toolchain.ts';

const manyRequests = ['--kube-api-qps=100', '--kube-api-burst=200'];
const retryWithin = (longest: string) => ['--retry-interval-start=200ms', `--retry-interval-max=${longest}`];

export function serviceProxy(layout: Layout, { pathOf, environment }: Toolchain): Service {
  const config = `--config=${layout.configuration}/kube-proxy.yaml`;
  return { name: 'kube-proxy', command: pathOf('kube-proxy'), environment, arguments: [config] };
}

export function nameServer(layout: Layout, { pathOf, environment }: Toolchain): Service {
  const config = ['-conf', `${layout.configuration}/Corefile`];
  return { name: 'coredns', command: pathOf('coredns'), environment, arguments: config };
}

export function snapshotController(layout: Layout, { pathOf, environment }: Toolchain): Service {
  return {
    name: 'snapshot-controller',
    command: pathOf('snapshot-controller'),
    environment,
    arguments: [`--kubeconfig=${layout.kubeconfigInside}`, ...manyRequests, ...retryWithin('5s'), '--v=4'],
  };
}

/** They exit at the first call after the driver has restarted, and their loops start them again. */
export function sidecars(layout: Layout, { pathOf, environment }: Toolchain): Service[] {
  const both = [
    `--kubeconfig=${layout.kubeconfigInside}`,
    `--csi-address=${layout.driverSocket}`,
    ...manyRequests,
  ];
  const metadata = ['--extra-create-metadata', '--timeout=60s', '--v=4'];
  const sidecar = (name: string, options: readonly string[]): Service => ({
    name,
    command: pathOf(name),
    environment,
    arguments: [...both, ...options],
  });
  return [
    sidecar('csi-provisioner', [...metadata, ...retryWithin('5s')]),
    // It looks whether a snapshot is ready by asking again: with its own intervals 8 s are seen after 15 s. A
    // snapshot deleted in mid-cut may be forgotten until its next resync, by default after 15 minutes.
    sidecar('csi-snapshotter', [...metadata, ...retryWithin('1s'), '--resync-period=20s']),
    sidecar('csi-resizer', ['--handle-volume-inuse-error=false', ...retryWithin('5s'), '--v=2']),
  ];
}
