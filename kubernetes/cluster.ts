// What the floors above may ask of a cluster. One implementation talks to the API server; tests of
// decisions may hand in another.
import type {
  ConfigMap,
  Job,
  KubernetesObject,
  Lease,
  Namespace,
  ObjectRef,
  OwnerReference,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
  ServiceAccount,
  StorageClass,
  VolumePopulator,
  VolumeSnapshot,
  VolumeSnapshotClass,
} from '../api/kubernetes.ts';
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { ReplicationSource } from '../api/replication-source.ts';

/** A merge patch: named fields replace, null removes. `metadata.uid` and `metadata.resourceVersion` are preconditions. */
export interface MergePatch {
  readonly metadata?: {
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string | null>>;
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly ownerReferences?: readonly OwnerReference[] | null;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** One kind of object. Every call is one request, with a deadline; failures are KubernetesError. */
export interface Resource<T extends KubernetesObject> {
  /** Reads live; undefined when there is none. */
  get(ref: ObjectRef, options?: CallOptions): Promise<T | undefined>;
  list(where: { namespace?: string; labelSelector?: string }, options?: CallOptions): Promise<readonly T[]>;
  /** Throws reason AlreadyExists when the name is taken. */
  create(object: T, options?: CallOptions): Promise<T>;
  /** Throws reason Conflict when a precondition no longer holds, NotFound when the object is gone. */
  patch(ref: ObjectRef, patch: MergePatch, options?: CallOptions): Promise<T>;
  /** A uid without a resourceVersion costs a read: the API server ignores the uid on a custom resource's status. */
  patchStatus(ref: ObjectRef, patch: MergePatch, options?: CallOptions): Promise<T>;
  /** Deletes in the background; an object that is already gone is success. Throws Conflict when a precondition does not hold. */
  delete(
    ref: ObjectRef,
    preconditions?: { uid?: string; resourceVersion?: string },
    options?: CallOptions,
  ): Promise<void>;
  /** The process's one shared watch of this kind over all namespaces; starts at the first call and never dies. */
  watch(): SharedWatch<T>;
}

export interface SharedWatch<T extends KubernetesObject> {
  /** Resolves once the first list is complete. */
  synced(signal?: AbortSignal): Promise<void>;
  /** The object as last seen (managedFields dropped). Absence means nothing before `synced`. */
  get(ref: ObjectRef): T | undefined;
  list(namespace?: string): readonly T[];
  /** Resolves with the first answer that is not undefined, now or at a later change; no request, no polling. */
  waitFor<R>(
    ref: ObjectRef,
    answer: (object: T | undefined) => R | undefined,
    signal: AbortSignal,
  ): Promise<R>;
  /** Called for each object at each change, with undefined when it is gone, and for all objects after a relist. Returns the way to stop. */
  subscribe(listener: (ref: ObjectRef, object: T | undefined) => void): () => void;
}

/** An event that the owner of an object sees with `kubectl describe`. Never throws: an event that fails is logged. */
export interface ClusterEvent {
  readonly regarding: KubernetesObject;
  readonly related?: KubernetesObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export interface Cluster {
  readonly sources: Resource<ReplicationSource>;
  readonly destinations: Resource<ReplicationDestination>;
  readonly pvcs: Resource<PersistentVolumeClaim>;
  readonly volumes: Resource<PersistentVolume>;
  readonly volumePopulators: Resource<VolumePopulator>;
  readonly volumeSnapshots: Resource<VolumeSnapshot>;
  readonly volumeSnapshotClasses: Resource<VolumeSnapshotClass>;
  readonly storageClasses: Resource<StorageClass>;
  readonly jobs: Resource<Job>;
  /** Its shared watch sees only pods labelled app.kubernetes.io/created-by=volsync. */
  readonly pods: Resource<Pod>;
  readonly secrets: Resource<Secret>;
  readonly configMaps: Resource<ConfigMap>;
  readonly serviceAccounts: Resource<ServiceAccount>;
  readonly services: Resource<Service>;
  readonly namespaces: Resource<Namespace>;
  readonly leases: Resource<Lease>;
  /**
   * Follows a container's log line by line until the container ends; one request. Where the stream ends and `ended`
   * says that the container has not, it is opened again where it ended.
   */
  followLog(
    pod: ObjectRef,
    container: string,
    options: { signal: AbortSignal; tailLines?: number; ended?: () => Promise<boolean> },
  ): AsyncIterable<string>;
  /** Notes of the Warning events about this object, newest last: why a pod waits for its volume stands only there. */
  warningsAbout(object: KubernetesObject, options?: CallOptions): Promise<readonly string[]>;
  record(event: ClusterEvent): Promise<void>;
  /** The API server's time (from the Date header of our own requests), milliseconds since the epoch. */
  now(): number;
  /** Ends watches and connections. */
  close(): Promise<void>;
}
