// Which programs come out of which Go module. The versions live in binaries/*/go.mod and in the `install` lines.

/** One Go module and what is built of it. */
export interface GoModule {
  readonly part: string;
  readonly programs: readonly string[];
  /** On two cores with nothing compiled yet. */
  readonly usualMinutes: number;
  readonly linkerFlags?: string;
  /** What to build in `binaries/<part>`: `tool` is every package on a tool line of its go.mod. */
  readonly packages?: string;
  /** A published module, installed at its version: it cannot be required, because it replaces modules itself. */
  readonly install?: string;
}

const versionPackage = 'k8s.io/component-base/version';
const kubernetesVersion = { gitVersion: 'v1.36.3', gitMajor: '1', gitMinor: '36' };

/** The modules whose programs a stack runs, in the order in which they are built. */
export const stackModules: readonly GoModule[] = [
  {
    part: 'kubernetes',
    programs: [
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-proxy',
      'kubelet',
      'kubectl',
      'csi-provisioner',
      'csi-snapshotter',
      'csi-resizer',
      'snapshot-controller',
    ],
    usualMinutes: 8,
    linkerFlags: Object.entries(kubernetesVersion)
      .map(([key, value]) => `-X ${versionPackage}.${key}=${value}`)
      .join(' '),
    packages: 'tool',
  },
  { part: 'etcd', programs: ['etcd'], usualMinutes: 1, packages: 'go.etcd.io/etcd/server/v3' },
  {
    part: 'temporal',
    programs: ['temporal'],
    usualMinutes: 3,
    install: 'github.com/temporalio/cli/cmd/temporal@v1.5.1',
  },
  { part: 'coredns', programs: ['coredns'], usualMinutes: 3, install: 'github.com/coredns/coredns@v1.15.0' },
  { part: 'object-store', programs: ['object-store'], usualMinutes: 1, packages: '.' },
];

/** Only the tests of the chart want it. Of the versions of the `kubernetes` module, so that their packages compile once. */
export const helmModule: GoModule = {
  part: 'helm',
  programs: ['helm'],
  usualMinutes: 2,
  packages: 'helm.sh/helm/v4/cmd/helm',
};

/** The conformance tests of CSI drivers: ours are the only ones who need them. */
export const sanityModule: GoModule = {
  part: 'csi-sanity',
  programs: ['csi-sanity'],
  usualMinutes: 1,
  install: 'github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity@v5.6.0',
};
