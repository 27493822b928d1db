import { inside, nodeName, type Layout } from '../layout.ts';

/** kube-proxy with nftables, whose rules go with the network namespace. */
export function serviceProxy(layout: Layout): string {
  const health = `${inside.proxyHealth.host}:${inside.proxyHealth.port}`;
  return `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: { kubeconfig: ${layout.kubeconfigInside} }
hostnameOverride: ${nodeName}
bindAddress: ${inside.gateway}
healthzBindAddress: ${health}
metricsBindAddress: 127.0.0.1:10249
clusterCIDR: ${inside.podRange}
detectLocalMode: ClusterCIDR
nodePortAddresses: [${inside.gateway}/32]
iptables: { localhostNodePorts: false }
nftables: { minSyncPeriod: 100ms }
oomScoreAdj: 0
conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
`;
}
