import { inside, type Layout } from '../layout.ts';

/** CoreDNS for pods. Two blocks: within one, `template` would answer before `kubernetes` and know no name. */
export function nameServer(layout: Layout): string {
  return `cluster.local:53 in-addr.arpa:53 {
  bind ${inside.gateway}
  errors
  health ${inside.dnsHealth.host}:${inside.dnsHealth.port}
  ready ${inside.dnsReady.host}:${inside.dnsReady.port}
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${layout.kubeconfigInside}
    pods insecure
    ttl 5
  }
}
.:53 {
  bind ${inside.gateway}
  errors
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
`;
}
