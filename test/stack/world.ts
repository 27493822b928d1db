// What a test on the real stack works with: a namespace of its own, the owner's side of the protocol, and the
// ways to look at what happened. Waits for conditions through shared watches, never for time.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import type {
  KubernetesObject,
  ObjectRef,
  PersistentVolumeClaim,
  Pod,
  Secret,
} from '../../api/kubernetes.ts';
import type { ReplicationSource, ReplicationSourceSpec } from '../../api/replication-source.ts';
import type { SyncReport } from '../../api/sync.ts';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { LABELS } from '../../domain/names.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { recordNamespace } from './outside-record.ts';

const run = promisify(execFile);
const PATIENCE_MS = 120_000;
const NEVER = '0 0 29 2 *';

export interface World {
  readonly cluster: Cluster;
  readonly temporal: Client;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const stack = inject('stack');
  process.env['KUBECONFIG'] = stack.kubeconfig;
  const cluster = await connectCluster({ component: 'cli', log: createLog('test', 'silent') });
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const temporal = new Client({ connection });
  return {
    cluster,
    temporal,
    close: async () => void (await Promise.all([cluster.close(), connection.close()])),
  };
}

/** One application in a namespace of its own: its PVC, its repository, and its source. */
export class Application {
  readonly world: World;
  readonly namespace = `test-${randomBytes(4).toString('hex')}`;
  readonly pvc: ObjectRef;
  readonly source: ObjectRef;

  constructor(world: World) {
    this.world = world;
    this.pvc = { namespace: this.namespace, name: 'data-pvc' };
    this.source = { namespace: this.namespace, name: 'test-rs' };
    recordNamespace(this.namespace); // Everything that happens there is judged at the end of the test.
  }

  /** Creates namespace, Secret, PVC and a pod that has the PVC mounted at /data. */
  async install(annotations: Readonly<Record<string, string>>, storageClassName = 'dir'): Promise<void> {
    const { cluster } = this.world;
    await cluster.namespaces.create({ metadata: { name: this.namespace } });
    await cluster.secrets.create(this.#repository());
    await cluster.pvcs.create({
      metadata: { ...this.pvc, annotations },
      spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await cluster.pods.create(this.#pod());
    await this.kubectl('wait', '--for=condition=Ready', 'pod/app', '--timeout=60s');
  }

  /** Creates the source; its first sync starts at once, and no other by its schedule. */
  async replicate(
    restic: NonNullable<ReplicationSourceSpec['restic']>,
    annotations: Readonly<Record<string, string>> = {},
  ) {
    return this.world.cluster.sources.create({
      apiVersion: 'volsync.backube/v1alpha1',
      kind: 'ReplicationSource',
      metadata: { ...this.source, annotations },
      spec: {
        sourcePVC: this.pvc.name,
        trigger: { schedule: NEVER },
        restic: { repository: 'restic-secret', cacheCapacity: '1Gi', retain: { last: '5' }, ...restic },
      },
    });
  }

  async remove(): Promise<void> {
    await this.world.cluster.namespaces.delete({ namespace: '', name: this.namespace });
  }

  /** Runs a shell command in the application's pod and returns what it printed. */
  async shell(command: string): Promise<string> {
    return this.kubectl('exec', 'app', '--', 'sh', '-c', command);
  }

  async setTrigger(value: string): Promise<void> {
    await this.world.cluster.pvcs.patch(this.pvc, {
      metadata: { annotations: { [ANNOTATIONS.copyTrigger]: value } },
    });
  }

  async syncNow(): Promise<void> {
    await this.world.temporal.schedule.getHandle(sourceScheduleId(this.source)).trigger('BUFFER_ONE');
  }

  /** Resolves with the PVC's annotations once `latest-copy-status` is as wanted. */
  async copyStatus(wanted: string, since?: (annotations: Readonly<Record<string, string>>) => boolean) {
    return this.#pvcWith(`latest-copy-status ${wanted}`, (annotations) => {
      const fits = annotations[ANNOTATIONS.latestCopyStatus] === wanted && (since?.(annotations) ?? true);
      return fits ? annotations : undefined;
    });
  }

  /** Resolves once the source's status is as wanted. */
  async sourceStatus(wanted: (status: NonNullable<ReplicationSource['status']>) => boolean) {
    return this.#waitFor('the source', () => {
      const status = this.world.cluster.sources.watch().get(this.source)?.status;
      return status !== undefined && wanted(status) ? status : undefined;
    });
  }

  /** The workflow id of the sync that the schedule started last. */
  async latestRun(): Promise<string> {
    const handle = this.world.temporal.schedule.getHandle(sourceScheduleId(this.source));
    const { recentActions } = (await handle.describe()).info;
    const latest = recentActions.at(-1)?.action;
    if (latest === undefined) throw new Error('the schedule has started no sync yet');
    return latest.workflow.workflowId;
  }

  async report(workflowId: string): Promise<SyncReport> {
    return (await this.world.temporal.workflow.getHandle(workflowId).result()) as SyncReport;
  }

  /** Temporary objects of any sync that stand now, read live. */
  async temporaryObjects(): Promise<readonly string[]> {
    const { volumeSnapshots, pvcs, jobs } = this.world.cluster;
    const where = { namespace: this.namespace, labelSelector: LABELS.cleanup };
    const lists = await Promise.all([volumeSnapshots.list(where), pvcs.list(where), jobs.list(where)]);
    return lists.flat().map((object: KubernetesObject) => `${object.kind} ${object.metadata.name}`);
  }

  /** What the repository's snapshot holds in the file `records`, by the mover image's own restic. */
  async restored(snapshotId: string): Promise<string> {
    const { cluster } = this.world;
    const name = `restore-${snapshotId.slice(0, 8)}`;
    await cluster.pods.create(this.#restorePod(name, snapshotId));
    await this.kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, '--timeout=90s');
    return this.kubectl('logs', name);
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    const { binFolder, kubeconfig } = inject('stack');
    const env = {
      ...process.env,
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: join('/tmp', 'stillpoint-kubectl-cache'),
    };
    const { stdout } = await run(join(binFolder, 'kubectl'), ['-n', this.namespace, ...args], { env });
    return stdout;
  }

  async temporalCli(...args: readonly string[]): Promise<string> {
    const { binFolder, temporalAddress } = inject('stack');
    const { stdout } = await run(join(binFolder, 'temporal'), [...args, '--address', temporalAddress]);
    return stdout;
  }

  async #pvcWith<R>(
    what: string,
    look: (annotations: Readonly<Record<string, string>>) => R | undefined,
  ): Promise<R> {
    return this.#waitFor(what, () => {
      const pvc = this.world.cluster.pvcs.watch().get(this.pvc);
      return pvc && look(pvc.metadata.annotations ?? {});
    });
  }

  async #waitFor<R>(what: string, look: () => R | undefined): Promise<R> {
    const { pvcs, sources } = this.world.cluster;
    try {
      return await until([pvcs.watch(), sources.watch()], look, AbortSignal.timeout(PATIENCE_MS));
    } catch (error) {
      const seen = {
        pvc: pvcs.watch().get(this.pvc)?.metadata.annotations,
        source: sources.watch().get(this.source)?.status,
      };
      throw new Error(`waited in vain for ${what}: ${JSON.stringify(seen)}`, { cause: error });
    }
  }

  #repository(): Secret & { stringData: Readonly<Record<string, string>> } {
    const { endpointFromPods, accessKey, secretKey } = inject('stack').objectStore;
    return {
      metadata: { namespace: this.namespace, name: 'restic-secret' },
      stringData: {
        RESTIC_REPOSITORY: `s3:${endpointFromPods}/repositories/${this.namespace}/data-pvc`,
        RESTIC_PASSWORD: 'a password of this test',
        AWS_ACCESS_KEY_ID: accessKey,
        AWS_SECRET_ACCESS_KEY: secretKey,
      },
    };
  }

  #pod(): Pod {
    return podOf({ namespace: this.namespace, name: 'app' }, 'localhost/busybox:local', {
      command: ['sh', '-c', 'sleep 100000'],
      mounts: [
        { name: 'data', mountPath: '/data', volume: { persistentVolumeClaim: { claimName: this.pvc.name } } },
      ],
    });
  }

  #restorePod(name: string, snapshotId: string): Pod {
    const command = `restic --no-cache restore ${snapshotId} --target /restored > /dev/null && cat /restored/records`;
    return podOf({ namespace: this.namespace, name }, 'registry.local/stillpoint-mover:dev', {
      command: ['sh', '-c', command],
      mounts: [{ name: 'restored', mountPath: '/restored', volume: { emptyDir: {} } }],
      envFrom: [{ secretRef: { name: 'restic-secret' } }],
    });
  }
}

interface PodWish {
  readonly command: readonly string[];
  readonly mounts: readonly { name: string; mountPath: string; volume: object }[];
  readonly envFrom?: readonly object[];
}

function podOf(ref: ObjectRef, image: string, { command, mounts, envFrom = [] }: PodWish): Pod {
  const container = {
    name: 'main',
    image,
    imagePullPolicy: 'IfNotPresent',
    command,
    envFrom,
    volumeMounts: mounts.map(({ name, mountPath }) => ({ name, mountPath })),
  };
  const volumes = mounts.map(({ name, volume }) => ({ name, ...volume }));
  const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [container], volumes };
  return { metadata: ref, spec } as Pod;
}

/** Every value that `latest-copy-status` takes from now on, in order. */
export function statusesOf(application: Application): string[] {
  const seen: string[] = [];
  application.world.cluster.pvcs.watch().subscribe((ref, pvc: PersistentVolumeClaim | undefined) => {
    if (ref.namespace !== application.namespace || ref.name !== application.pvc.name) return;
    const status = pvc?.metadata.annotations?.[ANNOTATIONS.latestCopyStatus];
    if (status !== undefined && seen.at(-1) !== status) seen.push(status);
  });
  return seen;
}
