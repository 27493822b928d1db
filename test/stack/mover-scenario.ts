// What the tests of a mover's life share: an application whose way to its repository has a gate, and what an
// outside watcher sees of movers and events.
import { inject, vi } from 'vitest';
import type { Job, Pod } from '../../api/kubernetes.ts';
import { until } from '../../activities/watching.ts';
import { Application } from './world.ts';
import type { World } from './world.ts';

export const PATIENCE = { timeout: 120_000, interval: 250 };

/** An application with one record; unless it opts in, no sync waits for it. */
export async function anApplication(
  world: World,
  annotations: Readonly<Record<string, string>> = {},
): Promise<Application> {
  const application = new Application(world);
  await application.install(annotations);
  await application.shell('echo before-the-cut > /data/records; sync');
  return application;
}

type Restic = Parameters<Application['replicate']>[0];

/** One sync of this source and no other: a first one that fails is asked for again by itself after a while. */
export async function syncOnce(
  application: Application,
  restic: Restic = {},
  annotations: Readonly<Record<string, string>> = {},
): Promise<void> {
  const wait = { 'stillpoint.dev/first-sync': 'wait' };
  await application.replicate({ copyMethod: 'Snapshot', ...restic }, { ...annotations, ...wait });
  const started = () =>
    application.syncNow().then(
      () => true,
      () => false, // The controller has not made the schedule yet.
    );
  await vi.waitUntil(started, PATIENCE);
}

/** Lets no byte through to the repository until it is opened: a mover that runs as long as the test wants. */
export interface Gate {
  open(): Promise<void>;
}

/** Puts a gate before the application's repository. */
export async function gated(application: Application): Promise<Gate> {
  const { endpointFromPods } = inject('stack').objectStore;
  const { hostname, port } = new URL(endpointFromPods);
  const relay = `while [ ! -e /open ]; do sleep 0.2; done; exec nc ${hostname} ${port}`;
  const container = {
    name: 'main',
    image: 'localhost/busybox:local',
    imagePullPolicy: 'IfNotPresent',
    command: ['nc', '-ll', '-p', '9000', '-e', 'sh', '-c', relay],
  };
  await application.world.cluster.pods.create({
    metadata: { namespace: application.namespace, name: 'gate' },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  } as Pod);
  await application.kubectl('wait', '--for=condition=Ready', 'pod/gate', '--timeout=60s');
  const address = await application.kubectl('get', 'pod', 'gate', '-o', 'jsonpath={.status.podIP}');
  await setSecret(application, { RESTIC_REPOSITORY: repository(application, `http://${address}:9000`) });
  return { open: async () => void (await application.kubectl('exec', 'gate', '--', 'touch', '/open')) };
}

/** What the mover image's own restic prints about the application's repository. */
export async function resticSays(application: Application, command: string): Promise<string> {
  const container = {
    name: 'main',
    image: 'registry.local/stillpoint-mover:dev',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', `restic --no-cache ${command}`],
    envFrom: [{ secretRef: { name: 'restic-secret' } }],
  };
  await application.world.cluster.pods.create({
    metadata: { namespace: application.namespace, name: 'restic' },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [container] },
  } as Pod);
  const ended = '--for=jsonpath={.status.phase}=Succeeded';
  await application.kubectl('wait', ended, 'pod/restic', '--timeout=90s');
  return application.kubectl('logs', 'restic');
}

export function repository({ namespace }: Application, endpoint?: string): string {
  return `s3:${endpoint ?? inject('stack').objectStore.endpointFromPods}/repositories/${namespace}/data-pvc`;
}

export async function setSecret(
  { namespace, world }: Application,
  stringData: Readonly<Record<string, string>>,
): Promise<void> {
  const patch = { stringData } as object;
  await world.cluster.secrets.patch({ namespace, name: 'restic-secret' }, patch);
}

export async function removeKey({ namespace, world }: Application, key: string): Promise<void> {
  const patch = { data: { [key]: null } } as object;
  await world.cluster.secrets.patch({ namespace, name: 'restic-secret' }, patch);
}

/** A storage class of the test driver whose volumes are never made. */
export async function brokenStorage({ namespace, world }: Application): Promise<string> {
  const storageClass = {
    metadata: { name: `broken-${namespace}` },
    provisioner: 'dir.csi.stillpoint.dev',
    parameters: { failCreate: 'always' },
  };
  await world.cluster.storageClasses.create(storageClass);
  return storageClass.metadata.name;
}

/** Every Job of the application that stands or will stand, by uid, as it was last seen. */
export function moversOf({ world, namespace }: Application): ReadonlyMap<string, Job> {
  const seen = new Map<string, Job>();
  const { jobs } = world.cluster;
  jobs.watch().subscribe((ref, job) => {
    if (ref.namespace === namespace && job?.metadata.uid !== undefined) seen.set(job.metadata.uid, job);
  });
  return seen;
}

/** The mover's pod, once its container runs. */
export async function runningMover({ world, namespace }: Application): Promise<Pod> {
  const watch = world.cluster.pods.watch();
  const look = () =>
    watch
      .list(namespace)
      .find(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined &&
          status?.containerStatuses?.some(({ state }) => state?.running !== undefined),
      );
  return until([watch], look, AbortSignal.timeout(PATIENCE.timeout));
}

/** The first event of the source with this reason, once it stands there. */
export async function eventOf(application: Application, reason: string): Promise<string> {
  return vi.waitUntil(async () => (await eventsOf(application, reason))[0], PATIENCE);
}

/** Notes of the source's events with this reason. */
export async function eventsOf(application: Application, reason: string): Promise<readonly string[]> {
  const selector = `involvedObject.name=${application.source.name},reason=${reason}`;
  const found = await application.kubectl('get', 'events', '--field-selector', selector, '-o', 'json');
  return (JSON.parse(found) as { items: { message: string }[] }).items.map(({ message }) => message);
}

/** How the last sync ended, once it has. */
export async function syncFailed(application: Application): Promise<{ message: string; logs: string }> {
  const status = await application.sourceStatus(
    ({ latestMoverStatus, conditions }) =>
      latestMoverStatus?.result === 'Failed' && conditions?.[0]?.reason === 'Error',
  );
  return {
    message: status.conditions?.[0]?.message ?? '',
    logs: status.latestMoverStatus?.logs ?? '',
  };
}

/** Heartbeat details of the running activity. */
export async function heartbeatOf(application: Application): Promise<string> {
  const run = await application.latestRun();
  const { raw } = await application.world.temporal.workflow.getHandle(run).describe();
  const payloads = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads ?? [];
  return payloads.map(({ data }) => Buffer.from(data ?? []).toString()).join('');
}
