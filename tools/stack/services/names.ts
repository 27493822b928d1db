import { nodeServices } from './node.ts';

/** Every service of a stack, in the order in which they are started. */
export const serviceNames = [
  'relay',
  'etcd',
  'temporal',
  'object-store',
  'node',
  ...nodeServices,
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'coredns',
  'snapshot-controller',
  'csi-provisioner',
  'csi-snapshotter',
  'csi-resizer',
];
