// Kubernetes' own kinds, as far as we read them. The API server has validated these objects, so they
// are types only; every time is the RFC 3339 string that stands in the JSON.

/** Names one namespaced object. */
export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One writer's entry in `metadata.managedFields`: which fields it wrote, and when it last did. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly ManagedFields[];
}

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface Namespace extends KubernetesObject {
  readonly kind?: 'Namespace';
}

export interface PersistentVolumeClaim extends KubernetesObject {
  readonly kind?: 'PersistentVolumeClaim';
  readonly spec?: {
    readonly accessModes?: readonly string[];
    readonly storageClassName?: string;
    readonly volumeMode?: string;
    readonly volumeName?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
    readonly dataSource?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
    readonly dataSourceRef?: {
      readonly apiGroup?: string;
      readonly kind: string;
      readonly name: string;
      readonly namespace?: string;
    };
  };
  readonly status?: {
    readonly phase?: string;
    readonly accessModes?: readonly string[];
    readonly capacity?: { readonly storage?: string };
  };
}

export interface PersistentVolume extends KubernetesObject {
  readonly kind?: 'PersistentVolume';
  readonly spec?: {
    readonly claimRef?: { readonly namespace?: string; readonly name?: string; readonly uid?: string };
  };
}

/** Which kind of object a PVC may be filled from. */
export interface VolumePopulator extends KubernetesObject {
  readonly sourceKind: { readonly group: string; readonly kind: string };
}

export interface VolumeSnapshot extends KubernetesObject {
  readonly kind?: 'VolumeSnapshot';
  readonly spec: {
    readonly source: { readonly persistentVolumeClaimName?: string };
    readonly volumeSnapshotClassName?: string;
  };
  readonly status?: {
    readonly boundVolumeSnapshotContentName?: string;
    readonly creationTime?: string;
    readonly readyToUse?: boolean;
    readonly restoreSize?: string;
    readonly error?: { readonly time?: string; readonly message?: string };
  };
}

export interface VolumeSnapshotClass extends KubernetesObject {
  readonly kind?: 'VolumeSnapshotClass';
  readonly driver: string;
  readonly deletionPolicy: string;
}

export interface StorageClass extends KubernetesObject {
  readonly kind?: 'StorageClass';
  readonly provisioner: string;
  readonly volumeBindingMode?: string;
}

export interface Secret extends KubernetesObject {
  readonly kind?: 'Secret';
  /** Values in base64, as the API server gives them. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface ConfigMap extends KubernetesObject {
  readonly kind?: 'ConfigMap';
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface ServiceAccount extends KubernetesObject {
  readonly kind?: 'ServiceAccount';
}

export interface Service extends KubernetesObject {
  readonly kind?: 'Service';
  readonly spec: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly Readonly<Record<string, unknown>>[];
  };
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly hostname?: string; readonly ip?: string }[];
    };
  };
}

/** A word about who leads; `holderIdentity` is empty once it was given back. */
export interface Lease extends KubernetesObject {
  readonly kind?: 'Lease';
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
  };
}

export interface Job extends KubernetesObject {
  readonly kind?: 'Job';
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly active?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
  };
}

export interface Pod extends KubernetesObject {
  readonly kind?: 'Pod';
  readonly spec?: {
    readonly nodeName?: string;
    readonly tolerations?: readonly unknown[];
    readonly volumes?: readonly {
      readonly name?: string;
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    /** Of an evicted pod, which has no exit code. */
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}
