// What the tests of destinations share: an application whose data is in a repository, destinations that restore it, and
// what stands in a PVC.
import { expect, vi } from 'vitest';
import type { ObjectRef, PersistentVolumeClaim, Pod } from '../../api/kubernetes.ts';
import type { ReplicationDestination } from '../../api/replication-destination.ts';
import { until } from '../../activities/watching.ts';
import { scheduleIdOf } from '../../domain/messages.ts';
import { LABELS } from '../../domain/names.ts';
import { anApplication, syncOnce } from './mover-scenario.ts';
import { PATIENCE } from './window-scenario.ts';
import type { Application, World } from './world.ts';

type Status = NonNullable<ReplicationDestination['status']>;

/** A file tree in the application's volume, and in its repository. */
export async function aBackup(world: World): Promise<Application> {
  const application = await anApplication(world);
  await application.shell(
    'mkdir -p /data/a/b && dd if=/dev/urandom of=/data/a/b/random bs=1M count=3 && : > /data/empty && chmod 640 /data/records && sync',
  );
  await syncOnce(application);
  await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
  return application;
}

export interface DestinationWish {
  readonly spec?: Record<string, unknown>;
  readonly restic?: Record<string, unknown>;
}

/** A PVC of its own, and a VolumeSnapshot of it. */
export const DYNAMIC = { copyMethod: 'Snapshot', capacity: '1Gi', accessModes: ['ReadWriteOnce'] };

/** A destination with the manual tag `first`, unless the wish says otherwise; what is undefined is left out. */
export async function createDestination(
  application: Application,
  { spec, restic }: DestinationWish,
): Promise<ReplicationDestination> {
  const section = { repository: 'restic-secret', cacheCapacity: '1Gi', storageClassName: 'dir', ...restic };
  const whole = { trigger: { manual: 'first' }, restic: section, ...spec };
  return application.world.cluster.destinations.create({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationDestination',
    metadata: refOf(application),
    spec: JSON.parse(JSON.stringify(whole)) as NonNullable<ReplicationDestination['spec']>,
  });
}

export function refOf({ namespace }: Pick<Application, 'namespace'>): ObjectRef {
  return { namespace, name: 'test-rd' };
}

/** A merge patch of the destination's spec; null removes a field. */
export async function editDestination(
  application: Application,
  spec: Record<string, unknown>,
): Promise<void> {
  await application.world.cluster.destinations.patch(refOf(application), { spec });
}

export async function destinationStatus(
  application: Application,
  wanted: (status: Status) => boolean,
): Promise<Status> {
  const watch = application.world.cluster.destinations.watch();
  const look = () => {
    const status = watch.get(refOf(application))?.status;
    return status !== undefined && wanted(status) ? status : undefined;
  };
  try {
    return await until([watch], look, AbortSignal.timeout(PATIENCE.timeout));
  } catch (error) {
    const seen = JSON.stringify(watch.get(refOf(application))?.status);
    throw new Error(`waited in vain for the destination: ${seen}`, { cause: error });
  }
}

/** The sync of this tag has ended well, and nothing is left to be cleaned up. */
export async function answered(application: Application, tag: string): Promise<Status> {
  return destinationStatus(
    application,
    ({ lastManualSync, conditions }) =>
      lastManualSync === tag && conditions?.[0]?.reason === 'WaitingForManual',
  );
}

/** The sentence with which the latest sync has ended, once it has failed. */
export async function complaint(application: Application): Promise<string> {
  const { conditions } = await destinationStatus(
    application,
    (status) => status.conditions?.[0]?.reason === 'Error',
  );
  return conditions?.[0]?.message ?? '';
}

export async function scheduleOf(application: Application) {
  const { temporal } = application.world;
  return temporal.schedule.getHandle(scheduleIdOf({ kind: 'ReplicationDestination', ...refOf(application) }));
}

/** Workflow ids of the syncs that the destination's schedule has started. */
export async function destinationRuns(application: Application): Promise<readonly string[]> {
  const { info } = await (await scheduleOf(application)).describe();
  return info.recentActions.map(({ action }) => action.workflow.workflowId);
}

/** Reasons of the events that `kubectl describe` shows below the destination. */
export async function destinationEvents(application: Application): Promise<readonly string[]> {
  const about = `involvedObject.kind=ReplicationDestination,involvedObject.name=${refOf(application).name}`;
  const listed = await application.kubectl('get', 'events', `--field-selector=${about}`, '--output=json');
  const { items } = JSON.parse(listed) as { readonly items: readonly { readonly reason: string }[] };
  return items.map(({ reason }) => reason);
}

export async function createClaim(
  { world, namespace }: Application,
  name: string,
  dataSource?: { readonly kind: string; readonly name: string; readonly apiGroup?: string },
): Promise<void> {
  const wanted: PersistentVolumeClaim = {
    metadata: { namespace, name },
    spec: {
      storageClassName: 'dir',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(dataSource !== undefined && { dataSource }),
    },
  };
  await world.cluster.pvcs.create(wanted);
}

const EVERY_FILE = `cd /data && find . -type f | sort | while read f; do stat -c '%a %Y %n' "$f"; sha256sum "$f"; done`;

/** Mode, time, name and hash of every file that the application has. */
export async function bytesOf(application: Application): Promise<string> {
  return application.shell(EVERY_FILE);
}

/** The same of any PVC, by a pod that mounts it and goes again. */
export async function bytesIn(application: Application, claimName: string): Promise<string> {
  return readBy(application, claimName, EVERY_FILE);
}

let readers = 0;

export async function readBy(application: Application, claimName: string, command: string): Promise<string> {
  const { world, namespace } = application;
  const name = `reader-${(readers += 1)}`;
  const container = {
    name: 'main',
    image: 'localhost/busybox:local',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', command],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }];
  const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [container], volumes };
  await world.cluster.pods.create({ metadata: { namespace, name }, spec } as Pod);
  const ended = '--for=jsonpath={.status.phase}=Succeeded';
  await application.kubectl('wait', ended, `pod/${name}`, '--timeout=90s');
  const said = await application.kubectl('logs', name);
  await world.cluster.pods.delete({ namespace, name });
  return said;
}

/** Names of the VolumeSnapshots that stand in the namespace now, read live. */
export async function snapshotsIn({ world, namespace }: Application): Promise<readonly string[]> {
  const found = await world.cluster.volumeSnapshots.list({ namespace });
  return found
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}

/** Everything of the destination has gone: its schedule, its Jobs and pods, its PVCs and images. */
export async function nothingOfDestinationStays(application: Application, kept: readonly string[] = []) {
  const { volumeSnapshots, pvcs, jobs, pods } = application.world.cluster;
  const where = { namespace: application.namespace, labelSelector: LABELS.createdBy };
  const standing = async () => {
    const lists = await Promise.all([volumeSnapshots, pvcs, jobs, pods].map((kind) => kind.list(where)));
    return lists
      .flat()
      .map(({ metadata }) => metadata.name)
      .filter((name) => !kept.includes(name));
  };
  await vi
    .waitUntil(async () => (await standing()).length === 0, PATIENCE)
    .catch(async () => {
      expect(await standing()).toEqual([]);
    });
}
