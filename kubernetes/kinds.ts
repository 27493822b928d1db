import type { ObjectRef } from '../api/kubernetes.ts';

export interface Kind {
  readonly kind: string;
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** 'cluster': `namespace` in an ObjectRef is '' and counts for nothing. */
  readonly scope: 'namespace' | 'cluster';
  /** Label selector of the shared watch; all objects when absent. */
  readonly watched?: string;
  /** A cluster may do without its definition: it has no object of this kind then. */
  readonly optional?: true;
}

/** Every kind that we read or write, by its name in `Cluster`. */
export const KINDS = {
  sources: {
    kind: 'ReplicationSource',
    group: 'volsync.backube',
    version: 'v1alpha1',
    plural: 'replicationsources',
    scope: 'namespace',
  },
  destinations: {
    kind: 'ReplicationDestination',
    group: 'volsync.backube',
    version: 'v1alpha1',
    plural: 'replicationdestinations',
    scope: 'namespace',
    optional: true,
  },
  pvcs: core('PersistentVolumeClaim', 'persistentvolumeclaims'),
  volumes: { ...core('PersistentVolume', 'persistentvolumes'), scope: 'cluster' },
  volumePopulators: {
    kind: 'VolumePopulator',
    group: 'populator.storage.k8s.io',
    version: 'v1beta1',
    plural: 'volumepopulators',
    scope: 'cluster',
  },
  volumeSnapshots: {
    kind: 'VolumeSnapshot',
    group: 'snapshot.storage.k8s.io',
    version: 'v1',
    plural: 'volumesnapshots',
    scope: 'namespace',
  },
  volumeSnapshotClasses: {
    kind: 'VolumeSnapshotClass',
    group: 'snapshot.storage.k8s.io',
    version: 'v1',
    plural: 'volumesnapshotclasses',
    scope: 'cluster',
  },
  storageClasses: {
    kind: 'StorageClass',
    group: 'storage.k8s.io',
    version: 'v1',
    plural: 'storageclasses',
    scope: 'cluster',
  },
  jobs: { kind: 'Job', group: 'batch', version: 'v1', plural: 'jobs', scope: 'namespace' },
  pods: { ...core('Pod', 'pods'), watched: 'app.kubernetes.io/created-by=volsync' },
  secrets: core('Secret', 'secrets'),
  configMaps: core('ConfigMap', 'configmaps'),
  serviceAccounts: core('ServiceAccount', 'serviceaccounts'),
  services: core('Service', 'services'),
  leases: {
    kind: 'Lease',
    group: 'coordination.k8s.io',
    version: 'v1',
    plural: 'leases',
    scope: 'namespace',
  },
  namespaces: { ...core('Namespace', 'namespaces'), scope: 'cluster' },
} as const satisfies Record<string, Kind>;

function core(kind: string, plural: string): Kind {
  return { kind, group: '', version: 'v1', plural, scope: 'namespace' };
}

export function apiVersionOf({ group, version }: Kind): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Path of the collection, of all namespaces when none is named. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const within = kind.scope === 'cluster' || !namespace ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${within}/${kind.plural}`;
}

export function objectPath(kind: Kind, ref: ObjectRef): string {
  return `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

/** What people call the object: `shop/orders`, or `fast` where there are no namespaces. */
export function subjectOf(kind: Kind, { namespace, name }: ObjectRef): string {
  return kind.scope === 'cluster' ? name : `${namespace}/${name}`;
}
