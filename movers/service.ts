// Where a receiving mover is reached: a Service that selects its pod (reference VolSync §7.5, §7.6).
import type { Service } from '../api/kubernetes.ts';
import type { Owner } from '../api/sync.ts';
import { lastingLabels, shortenedName } from '../domain/names.ts';
import { ownedBy } from '../domain/ownership.ts';
import type { Mover, ServiceNeed } from './mover.ts';

const LONGEST_LABEL = 63;
// VolSync's default, where the owner says nothing.
const NETWORK_LOAD_BALANCER = { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb' };

/** Labels of a pod that a Service, or a policy of the owner's, may select (VolSync: of the rsync movers alone). */
export function serviceSelector({ name, side }: Mover, owner: Owner): Readonly<Record<string, string>> {
  if (name !== 'rsync' && name !== 'rsync-tls') return {};
  const prefix = side === 'source' ? 'src-' : 'dst-';
  return {
    'app.kubernetes.io/name': shortenedName(prefix, owner.name).slice(0, LONGEST_LABEL),
    'app.kubernetes.io/component': `${name}-mover`,
    'app.kubernetes.io/part-of': 'volsync',
  };
}

export function serviceOf(mover: Mover, need: ServiceNeed, owner: Owner): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: shortenedName(`volsync-${mover.name}-dst-`, owner.name),
      namespace: owner.namespace,
      labels: lastingLabels(),
      annotations: need.annotations ?? NETWORK_LOAD_BALANCER,
      ownerReferences: [ownedBy(owner)],
    },
    spec: {
      type: need.type,
      selector: serviceSelector(mover, owner),
      ports: [{ name: need.portName, port: need.port, targetPort: need.targetPort, protocol: 'TCP' }],
    },
  };
}

/** The load balancer's name or address, else the address inside the cluster; undefined while there is none yet. */
export function addressOf({ spec, status }: Service): string | undefined {
  if (spec.type === 'LoadBalancer') {
    const [first] = status?.loadBalancer?.ingress ?? [];
    return first?.hostname ?? first?.ip;
  }
  const address = spec.clusterIP ?? 'None';
  return ['', 'None'].includes(address) ? undefined : address;
}
