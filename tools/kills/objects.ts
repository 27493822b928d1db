// What one application under fire consists of, and how it is made while the API server comes and goes.
import type { ObjectRef, PersistentVolumeClaim, Secret } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { isAlreadyExists } from '../../kubernetes/kubernetes-error.ts';
import { eventually } from '../judge/eventually.ts';
import type { ObjectStore } from '../stack/stack.ts';

export interface Copy {
  readonly copyMethod: 'Snapshot' | 'Clone';
  readonly volumeSnapshotClassName?: string;
}

export interface Kind {
  /** One for each source of the pvc. */
  readonly copies: readonly Copy[];
}

const SLOW_CUT = { copyMethod: 'Snapshot', volumeSnapshotClassName: 'dir-slow-cut' } as const;
const SLOW_READY = { copyMethod: 'Snapshot', volumeSnapshotClassName: 'dir-slow-ready' } as const;

/** Kinds of copies, and a pvc with two sources; each application is of the next one. */
export const KINDS: readonly Kind[] = [
  { copies: [{ copyMethod: 'Snapshot' }] },
  { copies: [SLOW_CUT] },
  { copies: [SLOW_READY] },
  { copies: [{ copyMethod: 'Clone' }] },
  { copies: [{ copyMethod: 'Snapshot' }, SLOW_CUT] },
];

const SETTINGS = { 'stillpoint.dev/freeze-bound': '20s' };
const PATIENCE_MS = 120_000;

export function pvcOf(ref: ObjectRef): PersistentVolumeClaim {
  const resources = { requests: { storage: '1Gi' } };
  return {
    metadata: { ...ref, annotations: { [A.useCopyTrigger]: '' } },
    spec: { storageClassName: 'dir', accessModes: ['ReadWriteOnce'], resources },
  };
}

/** A source whose first sync is due at once, and its repository. */
export function sourceObjects(
  source: ObjectRef,
  { objectStore, copy }: { readonly objectStore: ObjectStore; readonly copy: Copy | undefined },
): { readonly secret: Secret; readonly source: ReplicationSource } {
  const { endpointFromPods, accessKey, secretKey } = objectStore;
  const stringData = {
    RESTIC_REPOSITORY: `s3:${endpointFromPods}/repositories/${source.namespace}/${source.name}`,
    RESTIC_PASSWORD: `a password of ${source.namespace}`,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
  };
  const repository = `${source.name}-restic`;
  const secret: Secret & { readonly stringData: object } = {
    metadata: { namespace: source.namespace ?? '', name: repository },
    stringData,
  };
  return {
    secret,
    source: {
      apiVersion: 'volsync.backube/v1alpha1',
      kind: 'ReplicationSource',
      metadata: { ...source, annotations: SETTINGS },
      spec: {
        sourcePVC: 'data-pvc',
        trigger: { manual: 'tag-1' },
        restic: { repository, cacheCapacity: '1Gi', ...copy },
      },
    },
  };
}

/** Creates it, also when the answer to an earlier attempt was lost with whoever gave it. */
export async function created(create: () => Promise<unknown>): Promise<void> {
  await persist(async () => {
    await create().catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  });
}

/** Tries again as people do while the API server is away. */
export async function persist(action: () => Promise<unknown>): Promise<void> {
  await eventually(action, PATIENCE_MS);
}
