// Two namespaces between which a mover carries data: an application that the source copies from, and a destination.
import { inject, vi } from 'vitest';
import { until } from '../../../activities/watching.ts';
import type { Job, ObjectRef, Pod, Secret } from '../../../api/kubernetes.ts';
import type {
  ReplicationDestinationSpec,
  ReplicationDestinationStatus,
} from '../../../api/replication-destination.ts';
import { ANNOTATIONS as A } from '../../../domain/copy-trigger.ts';
import { JOB_ANNOTATIONS } from '../../../movers/job.ts';
import { bound, createPvc, createSource, latestRun, PATIENCE, pvcOf } from '../window-scenario.ts';
import { moversOf } from '../mover-scenario.ts';
import { Application } from '../world.ts';
import type { World } from '../world.ts';

/** A mover's section of a spec, under its name: `{ restic: { … } }`. */
export type Section = Readonly<Record<string, unknown>>;

export interface PairWish {
  /** Both namespaces allow privileged movers. */
  readonly privileged?: boolean;
  /** Both namespaces enforce Pod Security "restricted"; the application runs as somebody else than root. */
  readonly restricted?: boolean;
  readonly sourceName?: string;
  readonly destinationName?: string;
}

export interface Pair {
  readonly application: Application;
  readonly destination: Destination;
  remove(): Promise<void>;
}

/** As whom everything runs in a restricted namespace. */
export const SOMEBODY = { runAsUser: 1234, runAsGroup: 5678, fsGroup: 5678, runAsNonRoot: true } as const;

/** An application that has opted in, with its volume at /data, and an empty namespace for the destination. */
export async function aPair(world: World, wish: PairWish = {}): Promise<Pair> {
  const application = new Sender(world, wish.sourceName ?? 'sender');
  const destination = new Destination(new Application(world), wish);
  for (const { namespace } of [application, destination]) await createNamespace(world, namespace, wish);
  await createPvc(application, { [A.useCopyTrigger]: '' });
  await bound(application);
  await runPod(application, { name: 'app', claimName: application.pvc.name, wish });
  const remove = async () => void (await Promise.all([application.remove(), destination.remove()]));
  return { application, destination, remove };
}

/** An application whose source has another name. */
export class Sender extends Application {
  override readonly source: ObjectRef;

  constructor(world: World, name: string) {
    super(world);
    this.source = { namespace: this.namespace, name };
  }
}

async function createNamespace(world: World, name: string, wish: PairWish): Promise<void> {
  const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const allow = { 'volsync.backube/privileged-movers': 'true' };
  await world.cluster.namespaces.create({
    metadata: {
      name,
      ...(wish.restricted === true && { labels: enforce }),
      ...(wish.privileged === true && { annotations: allow }),
    },
  });
}

interface PodWish {
  readonly name: string;
  readonly claimName: string;
  readonly wish: PairWish;
}

// With the mover image's tools, so that both sides are looked at by the same ones.
async function runPod(place: Application, { name, claimName, wish }: PodWish): Promise<void> {
  const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const container = {
    name: 'main',
    image: 'registry.local/stillpoint-mover:dev',
    imagePullPolicy: 'IfNotPresent',
    command: ['sleep', 'infinity'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    ...(wish.restricted === true && { securityContext: confined }),
  };
  const spec = {
    terminationGracePeriodSeconds: 0,
    containers: [container],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    ...(wish.restricted === true && {
      securityContext: { ...SOMEBODY, seccompProfile: { type: 'RuntimeDefault' } },
    }),
  };
  await place.world.cluster.pods.create({ metadata: { namespace: place.namespace, name }, spec } as Pod);
  await place.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=90s');
}

/** A ReplicationDestination in a namespace, and pods that look at what it has received. */
export class Destination {
  readonly place: Application;
  readonly ref: ObjectRef;
  readonly #wish: PairWish;
  #readers = 0;

  constructor(place: Application, wish: PairWish = {}) {
    this.place = place;
    this.ref = { namespace: this.place.namespace, name: wish.destinationName ?? 'receiver' };
    this.#wish = wish;
  }

  get namespace(): string {
    return this.place.namespace;
  }

  get restricted(): boolean {
    return this.#wish.restricted === true;
  }

  async create(spec: ReplicationDestinationSpec | Section): Promise<void> {
    await this.place.world.cluster.destinations.create({
      apiVersion: 'volsync.backube/v1alpha1',
      kind: 'ReplicationDestination',
      metadata: this.ref,
      spec: spec as ReplicationDestinationSpec,
    });
  }

  /** One more sync of a destination with a manual trigger; resolves when it has ended well. */
  async receive(tag: string, spec: Section = {}): Promise<ReplicationDestinationStatus> {
    const { destinations } = this.place.world.cluster;
    await destinations.patch(this.ref, { spec: { ...spec, trigger: { manual: tag } } });
    return this.status((status) => status.lastManualSync === tag);
  }

  now(): ReplicationDestinationStatus {
    return this.place.world.cluster.destinations.watch().get(this.ref)?.status ?? {};
  }

  /** Resolves once the status is as wanted. */
  async status(wanted: (status: ReplicationDestinationStatus) => boolean) {
    const watch = this.place.world.cluster.destinations.watch();
    const look = () => (wanted(this.now()) ? this.now() : undefined);
    try {
      return await until([watch], look, AbortSignal.timeout(LONGEST_MS));
    } catch (error) {
      const seen = JSON.stringify(this.now());
      throw new Error(`waited in vain for the destination: ${seen}`, { cause: error });
    }
  }

  /** The sentence with which a sync has failed. */
  async failure(): Promise<string> {
    const { conditions } = await this.status(
      (status) => status.latestMoverStatus?.result === 'Failed' && status.conditions?.[0]?.reason === 'Error',
    );
    return conditions?.[0]?.message ?? '';
  }

  /** Runs a shell command beside what was received last, at /data. */
  async shell(command: string): Promise<string> {
    const { latestImage } = this.now();
    if (latestImage === undefined) throw new Error('the destination has received nothing yet');
    const name = `reader-${(this.#readers += 1)}`;
    const claimName =
      latestImage.kind === 'VolumeSnapshot' ? await this.#restored(latestImage.name, name) : latestImage.name;
    await runPod(this.place, { name, claimName, wish: this.#wish });
    return this.place.kubectl('exec', name, '--', 'sh', '-c', command);
  }

  async remove(): Promise<void> {
    await this.place.remove();
  }

  async #restored(snapshot: string, name: string): Promise<string> {
    const { pvcs, volumeSnapshots } = this.place.world.cluster;
    const { namespace } = this;
    const { status } = (await volumeSnapshots.get({ namespace, name: snapshot })) ?? {};
    await pvcs.create({
      metadata: { namespace, name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: status?.restoreSize ?? '1Gi' } },
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot },
      },
    });
    return name;
  }
}

/** A destination's volume, as most tests want it: made for it, and a snapshot of it taken in the end. */
export const DYNAMIC = { copyMethod: 'Snapshot', capacity: '1Gi', accessModes: ['ReadWriteOnce'] } as const;

// Three attempts of a mover that itself tries for a minute.
const LONGEST_MS = 300_000;

/** A source of this section whose first sync waits for `syncNow`. */
export async function createIdleSource(application: Application, section: Section): Promise<void> {
  const spec = { restic: undefined, ...section };
  await createSource(application, { spec, annotations: { 'stillpoint.dev/first-sync': 'wait' } });
  // The controller makes the schedule in its own time.
  await vi.waitUntil(() => application.syncNow().then(always, never), PATIENCE);
}

const always = () => true;
const never = () => false;

/** Answers the question of a sync; resolves when the application was released with this very trigger. */
export async function answer(application: Application, trigger: string): Promise<void> {
  await application.copyStatus('WaitingForTrigger');
  await application.setTrigger(trigger);
  await application.copyStatus('Completed', (annotations) => annotations[A.latestCopyTrigger] === trigger);
}

/** One whole sync of an application that is asked. */
export async function syncs(application: Application, trigger: string, after?: string): Promise<string> {
  await answer(application, trigger);
  const run = await latestRun(application, after);
  await application.report(run);
  return run;
}

export interface InVain {
  /** Of the condition. */
  readonly message: string;
  readonly logs: string;
  /** Which attempts its Jobs were. */
  readonly attempts: readonly (string | undefined)[];
}

/** A sync that fails after the application has long been released, and what the owner then reads. */
export async function syncsInVain(application: Application, section: Section): Promise<InVain> {
  const movers = moversOf(application);
  await createIdleSource(application, section);
  await answer(application, 'in vain');
  const { conditions, latestMoverStatus } = await failureOf(application);
  const annotations = pvcOf(application)?.metadata.annotations ?? {};
  if (annotations[A.latestCopyStatus] !== 'Completed' || annotations[A.latestCopyError] !== undefined)
    throw new Error(`the failure reached the application: ${JSON.stringify(annotations)}`);
  return {
    message: conditions?.[0]?.message ?? '',
    logs: latestMoverStatus?.logs ?? '',
    attempts: attemptsOf(movers),
  };
}

export function attemptsOf(movers: ReadonlyMap<string, Job>): readonly (string | undefined)[] {
  return [...movers.values()].map(({ metadata }) => metadata.annotations?.[JOB_ANNOTATIONS.attempt]);
}

async function failureOf({ world, source }: Application) {
  const watch = world.cluster.sources.watch();
  const look = () => {
    const status = watch.get(source)?.status;
    const failed =
      status?.latestMoverStatus?.result === 'Failed' && status.conditions?.[0]?.reason === 'Error';
    return failed ? status : undefined;
  };
  return until([watch], look, AbortSignal.timeout(LONGEST_MS));
}

/** Creates a Secret, or gives it other values. */
export async function setSecret(
  place: Application,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Promise<void> {
  const { secrets } = place.world.cluster;
  const ref = { namespace: place.namespace, name };
  if ((await secrets.get(ref)) === undefined)
    await secrets.create({ metadata: ref, stringData } as Secret & { stringData: object });
  else await secrets.patch(ref, { stringData } as object);
}

/** Carries keys that a destination has published to the source's namespace, as its owner would; returns their values. */
export async function copySecret(
  from: ObjectRef,
  to: Application,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const { data = {} } = (await to.world.cluster.secrets.get(from)) ?? {};
  const values = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
  await setSecret(to, name, values);
  return values;
}

/** The stack's object store, as a rclone.conf or a restic Secret names it. */
export function objectStore() {
  return inject('stack').objectStore;
}
