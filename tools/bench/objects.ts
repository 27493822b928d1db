// The manifests of the applications that are copied.
import type { ObjectRef, PersistentVolumeClaim, Pod, Secret } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Stack } from '../stack/stack.ts';

/** Snapshot classes of the stack: `dir` cuts and is ready at once, `dir-slow-ready` is readable 8 s after the cut. */
export type Storage = 'dir' | 'dir-slow-ready';

/** Opted in. */
export function pvcOf(pvc: ObjectRef): PersistentVolumeClaim {
  return {
    metadata: { ...pvc, annotations: { [ANNOTATIONS.useCopyTrigger]: '' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
}

export interface SourceWish {
  readonly source: ObjectRef;
  readonly pvc: string;
  readonly secret: string;
  readonly tag: string;
  readonly storage?: Storage;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function sourceOf({ source, pvc, secret, tag, storage, annotations }: SourceWish): ReplicationSource {
  return {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { ...source, ...(annotations && { annotations }) },
    spec: {
      sourcePVC: pvc,
      trigger: { manual: tag },
      restic: {
        repository: secret,
        copyMethod: 'Snapshot',
        cacheCapacity: '1Gi',
        retain: { last: '3' },
        // Like the seed: the default class is not named.
        ...(storage !== undefined && storage !== 'dir' && { volumeSnapshotClassName: storage }),
      },
    },
  };
}

export function repository(
  { objectStore }: Stack,
  secret: ObjectRef,
): Secret & { stringData: Record<string, string> } {
  const { endpointFromPods, accessKey, secretKey } = objectStore;
  return {
    metadata: secret,
    stringData: {
      RESTIC_REPOSITORY: `s3:${endpointFromPods}/repositories/${secret.namespace}/${secret.name}`,
      RESTIC_PASSWORD: 'a password for measuring',
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
    },
  };
}

/** Writes a file into each of these pvcs and ends: a volume without files would not be moved. */
export function writer(namespace: string, pvcs: readonly string[]): Pod {
  const container = {
    name: 'main',
    image: 'localhost/busybox:local',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', 'for volume in /data/*; do echo measured > $volume/records; done'],
    volumeMounts: pvcs.map((name) => ({ name, mountPath: `/data/${name}` })),
  };
  const volumes = pvcs.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const spec = { restartPolicy: 'Never', containers: [container], volumes };
  return { metadata: { namespace, name: 'writer' }, spec } as Pod;
}
