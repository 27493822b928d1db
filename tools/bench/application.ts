// The application that is copied in every round: one volume with a little data in it, opted in, and its source.
import { randomBytes } from 'node:crypto';
import type { ObjectRef, Pod, Secret } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Place } from './place.ts';
import type { Storage } from './rows.ts';

export interface Application {
  readonly pvc: ObjectRef;
  readonly source: ObjectRef;
  /** Asks for a sync, in the way that both systems understand: a new `spec.trigger.manual`. */
  syncIsDue(tag: string): Promise<void>;
  /** What the owner does who sees WaitingForTrigger. */
  setTrigger(tag: string): Promise<void>;
  /** No copy and no mover is left of the last round. */
  isTidy(): boolean;
  remove(): Promise<void>;
}

/** Installs the application in a namespace of its own; the source comes with the first `syncIsDue`. */
export async function installApplication(place: Place, storage: Storage): Promise<Application> {
  const { cluster } = place;
  const namespace = `bench-${randomBytes(4).toString('hex')}`;
  const pvc = { namespace, name: 'data-pvc' };
  const source = { namespace, name: 'test-rs' };
  await cluster.namespaces.create({ metadata: { name: namespace } });
  await cluster.secrets.create(repository(place, namespace));
  await cluster.pvcs.create({
    metadata: { ...pvc, annotations: { [ANNOTATIONS.useCopyTrigger]: '' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await cluster.pods.create(writer(pvc));
  await place.kubectl('-n', namespace, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/writer');
  let created = false;
  return {
    pvc,
    source,
    async syncIsDue(tag) {
      if (created) await cluster.sources.patch(source, { spec: { trigger: { manual: tag } } });
      else await cluster.sources.create(sourceOf({ source, pvc, tag, storage }));
      created = true;
    },
    async setTrigger(tag) {
      await cluster.pvcs.patch(pvc, { metadata: { annotations: { [ANNOTATIONS.copyTrigger]: tag } } });
    },
    isTidy: () =>
      [cluster.volumeSnapshots, cluster.jobs].every((kind) => kind.watch().list(namespace).length === 0),
    async remove() {
      await cluster.sources.delete(source);
      await place.kubectl('delete', 'namespace', namespace, '--timeout=120s');
    },
  };
}

interface SourceWish {
  readonly source: ObjectRef;
  readonly pvc: ObjectRef;
  readonly tag: string;
  readonly storage: Storage;
}

function sourceOf({ source, pvc, tag, storage }: SourceWish): ReplicationSource {
  return {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: source,
    spec: {
      sourcePVC: pvc.name,
      trigger: { manual: tag },
      restic: {
        repository: 'restic-secret',
        copyMethod: 'Snapshot',
        cacheCapacity: '1Gi',
        retain: { last: '3' },
        // Like the seed: the default class is not named.
        ...(storage !== 'dir' && { volumeSnapshotClassName: storage }),
      },
    },
  };
}

function repository({ stack }: Place, namespace: string): Secret & { stringData: Record<string, string> } {
  const { endpointFromPods, accessKey, secretKey } = stack.objectStore;
  return {
    metadata: { namespace, name: 'restic-secret' },
    stringData: {
      RESTIC_REPOSITORY: `s3:${endpointFromPods}/repositories/${namespace}`,
      RESTIC_PASSWORD: 'a password for measuring',
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
    },
  };
}

// Writes once and ends: a volume without files would not be moved.
function writer(pvc: ObjectRef): Pod {
  const container = {
    name: 'main',
    image: 'localhost/busybox:local',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', 'echo measured > /data/records'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: pvc.name } }];
  const spec = { restartPolicy: 'Never', containers: [container], volumes };
  return { metadata: { namespace: pvc.namespace, name: 'writer' }, spec } as Pod;
}
