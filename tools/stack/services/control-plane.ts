// etcd and the processes of the Kubernetes control plane, all inside the stack's network.
import { join } from 'node:path';
import { inside, type Layout } from '../layout.ts';
import type { Service } from '../processes.ts';
import type { Toolchain } from '../toolchain.ts';

export function etcd(layout: Layout, { pathOf, environment }: Toolchain): Service {
  const clients = `http://${inside.etcd.host}:${inside.etcd.port}`;
  const peers = `http://${inside.etcd.host}:2380`;
  return {
    name: 'etcd',
    command: pathOf('etcd'),
    environment,
    arguments: [
      '--unsafe-no-fsync', // A stack that loses power may be lost; one whose processes are killed is not.
      `--data-dir=${join(layout.state, 'etcd')}`,
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      '--log-level=warn',
    ],
  };
}

export function apiServer(layout: Layout, { pathOf, environment }: Toolchain): Service {
  const pki = layout.certificates;
  return {
    name: 'kube-apiserver',
    command: pathOf('kube-apiserver'),
    environment,
    arguments: [
      `--etcd-servers=http://${inside.etcd.host}:${inside.etcd.port}`,
      `--bind-address=${inside.apiServer.host}`,
      `--secure-port=${inside.apiServer.port}`,
      `--cert-dir=${pki}`,
      `--tls-cert-file=${pki}/api-server.crt`,
      `--tls-private-key-file=${pki}/api-server.key`,
      `--client-ca-file=${pki}/authority.crt`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${pki}/service-accounts.pub`,
      `--service-account-signing-key-file=${pki}/service-accounts.key`,
      `--service-cluster-ip-range=${inside.serviceRange}`,
      '--authorization-mode=RBAC',
      '--allow-privileged=true',
      '--enable-priority-and-fairness=false',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${pki}/administrator.crt`,
      `--kubelet-client-key=${pki}/administrator.key`,
      '--v=1',
    ],
  };
}

export function controllerManager(layout: Layout, { pathOf, environment }: Toolchain): Service {
  const unused = [
    'node-ipam-controller',
    'node-route-controller',
    'cloud-node-lifecycle-controller',
    'service-lb-controller',
    'bootstrap-signer-controller',
    'token-cleaner-controller',
    'ttl-controller',
  ];
  return {
    name: 'kube-controller-manager',
    command: pathOf('kube-controller-manager'),
    environment,
    arguments: [
      ...asAdministrator(layout),
      '--secure-port=10257',
      `--cert-dir=${layout.state}/kube-controller-manager`,
      `--service-account-private-key-file=${layout.certificates}/service-accounts.key`,
      `--root-ca-file=${layout.certificates}/authority.crt`,
      '--use-service-account-credentials=true',
      '--pvclaimbinder-sync-period=2s',
      `--flex-volume-plugin-dir=${layout.state}/kubelet/volume-plugins`,
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      `--controllers=${['*', ...unused.map((controller) => `-${controller}`)].join(',')}`,
      '--v=1',
    ],
  };
}

export function scheduler(layout: Layout, { pathOf, environment }: Toolchain): Service {
  return {
    name: 'kube-scheduler',
    command: pathOf('kube-scheduler'),
    environment,
    arguments: [
      ...asAdministrator(layout),
      `--secure-port=${inside.scheduler.port}`,
      `--cert-dir=${layout.state}/kube-scheduler`,
      '--v=1',
    ],
  };
}

function asAdministrator({ kubeconfigInside }: Layout): string[] {
  return [
    `--kubeconfig=${kubeconfigInside}`,
    `--authentication-kubeconfig=${kubeconfigInside}`,
    `--authorization-kubeconfig=${kubeconfigInside}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  ];
}
