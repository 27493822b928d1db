// What the doctor thinks of the cluster: its version, its definitions, its storage, its clock.
import type { StorageClass, VolumeSnapshot, VolumeSnapshotClass } from '../../../api/kubernetes.ts';
import { MARGIN_MS } from '../../../domain/copy-window.ts';
import { age, brief } from '../print/amounts.ts';
import { bad, ok } from './check.ts';
import type { Check } from './check.ts';

/** Of Kubernetes 1.x: the oldest one that its own project still tests VolumeSnapshots v1 and CEL rules on. */
const OLDEST_MINOR = 29;

export function judgeVersion({
  minor = '',
  gitVersion = '',
}: {
  minor?: string;
  gitVersion?: string;
}): Check {
  const found = `the API server is Kubernetes ${gitVersion}`;
  if (Number.parseInt(minor, 10) >= OLDEST_MINOR) return ok('Kubernetes', found);
  return bad('Kubernetes', 'warning', {
    found,
    doWhat: `Stillpoint is not tested with Kubernetes before 1.${OLDEST_MINOR}; upgrade the cluster.`,
  });
}

/** A CustomResourceDefinition, as far as it is looked at. */
export interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly versions?: readonly {
      readonly name: string;
      readonly served?: boolean;
      readonly schema?: { readonly openAPIV3Schema?: unknown };
    }[];
  };
}

export const DEFINITIONS = [
  { name: 'replicationsources.volsync.backube', version: 'v1alpha1', needed: true },
  { name: 'replicationdestinations.volsync.backube', version: 'v1alpha1', needed: false },
  { name: 'volumesnapshots.snapshot.storage.k8s.io', version: 'v1', needed: true },
  { name: 'volumesnapshotclasses.snapshot.storage.k8s.io', version: 'v1', needed: true },
  { name: 'volumesnapshotcontents.snapshot.storage.k8s.io', version: 'v1', needed: true },
] as const;

const APPLY_OURS = 'kubectl apply --server-side -f deploy/crds';
const APPLY_SNAPSHOTS =
  "install the external-snapshotter's CustomResourceDefinitions and its snapshot-controller";

export function judgeDefinitions(definitions: readonly Definition[]): readonly Check[] {
  const checks = DEFINITIONS.map(({ name, version, needed }): Check => {
    const found = definitions.find(({ metadata }) => metadata.name === name);
    const served = found?.spec?.versions?.some((one) => one.name === version && one.served !== false);
    if (served === true) return ok('definitions', `${name} ${version} is there`);
    const doWhat = name.endsWith('volsync.backube') ? APPLY_OURS : APPLY_SNAPSHOTS;
    const said = { found: `${name} ${version} is missing`, doWhat };
    return bad('definitions', needed ? 'failed' : 'warning', said);
  });
  const troubles = checks.filter(({ state }) => state !== 'ok');
  const all = ok('definitions', `all ${DEFINITIONS.length} CustomResourceDefinitions are there`);
  return [...(troubles.length === 0 ? [all] : troubles), ...judgeLastCopy(definitions)];
}

// VolSync's own definition works, but drops what we report of the freeze.
function judgeLastCopy(definitions: readonly Definition[]): readonly Check[] {
  const source = definitions.find(({ metadata }) => metadata.name === DEFINITIONS[0].name);
  if (source === undefined || JSON.stringify(source.spec).includes('"lastCopy"')) return [];
  return [
    bad('definitions', 'warning', {
      found: 'the definition of ReplicationSource is a foreign one: status.lastCopy is dropped',
      doWhat: `To see freezes in the status: ${APPLY_OURS}`,
    }),
  ];
}

const DEFAULT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';

export function judgeClasses(
  storage: readonly StorageClass[],
  snapshots: readonly VolumeSnapshotClass[],
): readonly Check[] {
  const name = 'snapshot classes';
  const drivers = new Set(snapshots.map(({ driver }) => driver));
  const without = storage.filter(({ provisioner }) => !drivers.has(provisioner));
  const checks: Check[] = [];
  if (snapshots.length === 0)
    checks.push(
      bad(name, 'failed', {
        found: 'there is no VolumeSnapshotClass',
        doWhat: 'Create one for your CSI driver, or use copyMethod Clone or Direct.',
      }),
    );
  else if (without.length > 0)
    checks.push(
      bad(name, 'warning', {
        found: `no VolumeSnapshotClass for the driver of StorageClass ${without.map(({ metadata }) => metadata.name).join(', ')}`,
        doWhat: 'PVCs of these classes need copyMethod Clone or Direct, or a VolumeSnapshotClass.',
      }),
    );
  for (const driver of drivers) checks.push(...judgeDefaults(driver, snapshots));
  return checks.length > 0 ? checks : [ok(name, `${snapshots.length} for ${drivers.size} driver(s)`)];
}

function judgeDefaults(driver: string, snapshots: readonly VolumeSnapshotClass[]): readonly Check[] {
  const ofDriver = snapshots.filter((found) => found.driver === driver);
  const defaults = ofDriver.filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true');
  const names = (classes: readonly VolumeSnapshotClass[]) =>
    classes.map(({ metadata }) => metadata.name).join(', ');
  if (defaults.length === 1) return [];
  if (defaults.length > 1)
    return [
      bad('snapshot classes', 'failed', {
        found: `driver ${driver} has ${defaults.length} default classes: ${names(defaults)}`,
        doWhat: `Leave the annotation ${DEFAULT_CLASS} on one; with several no snapshot is taken.`,
      }),
    ];
  return [
    bad('snapshot classes', 'warning', {
      found: `none of the classes of driver ${driver} is the default (${names(ofDriver)})`,
      doWhat: `Annotate one with ${DEFAULT_CLASS}: "true", or name a class in each source.`,
    }),
  ];
}

/** A Deployment, as far as it is looked at. */
export interface Deployment {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly name: string;
          readonly image?: string;
          readonly args?: readonly string[];
          readonly command?: readonly string[];
        }[];
      };
    };
  };
  readonly status?: { readonly readyReplicas?: number };
}

/** Requests per second that the snapshot-controller allows itself unless it is told otherwise. */
const DEFAULT_QPS = 5;
const LOW_QPS = 20;
const STUCK_AFTER_MS = 60_000;

export interface SnapshotSide {
  readonly deployments: readonly Deployment[];
  readonly snapshots: readonly VolumeSnapshot[];
  readonly now: number;
}

export function judgeSnapshotController({ deployments, snapshots, now }: SnapshotSide): Check {
  const name = 'snapshot-controller';
  const stuck = snapshots.filter((snapshot) => isStuck(snapshot, now));
  const [oldest] = stuck;
  if (oldest !== undefined)
    return bad(name, 'failed', {
      found: `${stuck.length} VolumeSnapshot(s) have had no answer for more than a minute, such as ${oldest.metadata.namespace}/${oldest.metadata.name}`,
      doWhat:
        'See whether the snapshot-controller and the csi-snapshotter of the driver run, and what they log.',
    });
  const found = deployments.find((deployment) => containerOf(deployment) !== undefined);
  if (found === undefined) return unseen(name, snapshots);
  const where = `${found.metadata.namespace}/${found.metadata.name}`;
  if ((found.status?.readyReplicas ?? 0) === 0)
    return bad(name, 'failed', {
      found: `Deployment ${where} has no ready replica`,
      doWhat: `kubectl -n ${found.metadata.namespace} describe deployment ${found.metadata.name}`,
    });
  const qps = qpsOf(found);
  if (qps >= LOW_QPS) return ok(name, `Deployment ${where} is ready, ${qps} requests per second`);
  return bad(name, 'warning', {
    found: `Deployment ${where} allows itself ${qps} requests per second, which is about one snapshot per second`,
    doWhat: `With many sources at once, give it --kube-api-qps=100 --kube-api-burst=200 and --worker-threads=32, and the csi-snapshotter, too.`,
  });
}

function unseen(name: string, snapshots: readonly VolumeSnapshot[]): Check {
  const cut = snapshots.find(({ status }) => status?.creationTime !== undefined);
  if (cut !== undefined)
    return ok(name, 'no Deployment of it is visible, but it has answered VolumeSnapshots');
  return bad(name, 'unknown', {
    found: 'no Deployment of it is visible, and no VolumeSnapshot tells of it',
    doWhat:
      'Some clusters run it where nobody sees it; a VolumeSnapshot that gets no status within seconds says that it is missing.',
  });
}

function isStuck({ metadata, status }: VolumeSnapshot, now: number): boolean {
  const age = now - Date.parse(metadata.creationTimestamp ?? '');
  return (
    age > STUCK_AFTER_MS &&
    status?.boundVolumeSnapshotContentName === undefined &&
    status?.error === undefined
  );
}

function containerOf({ spec }: Deployment) {
  return spec?.template?.spec?.containers?.find(({ image }) =>
    /(^|\/)snapshot-controller(:|@|$)/.test(image ?? ''),
  );
}

function qpsOf(deployment: Deployment): number {
  const { args = [], command = [] } = containerOf(deployment) ?? {};
  const flag = /^--?kube-api-qps[=\n](.+)$/m.exec([...command, ...args].join('\n'))?.[1];
  return flag === undefined ? DEFAULT_QPS : Number(flag);
}

export function judgeClock(server: number, ours: number): Check {
  const skew = Math.abs(server - ours);
  if (skew <= MARGIN_MS)
    return ok('clock', `this machine agrees with the API server within ${brief(MARGIN_MS)}`);
  return bad('clock', 'warning', {
    found: `this machine is ${age(skew)} ${server > ours ? 'behind' : 'ahead of'} the API server`,
    doWhat: 'Set the clock (NTP): times such as trigger-valid-until that are written here would mislead.',
  });
}
