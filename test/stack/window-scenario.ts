// What the tests of single rows of the window's table share: an application without a pod, whose empty volume is soon
// moved, and the looks at windows, answers and histories that these tests are about.
import { ApplicationFailure } from '@temporalio/common';
import { expect, inject, vi } from 'vitest';
import type { ObjectRef, Pod, VolumeSnapshot } from '../../api/kubernetes.ts';
import type { ReplicationSource, ReplicationSourceSpec } from '../../api/replication-source.ts';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A, readCopyWindow } from '../../domain/copy-trigger.ts';
import type { AnnotationPatch, CopyWindow } from '../../domain/copy-trigger.ts';
import { PVC_CHANGED, sourceScheduleId } from '../../domain/messages.ts';
import { LABELS } from '../../domain/names.ts';
import { Application } from './world.ts';
import type { World } from './world.ts';

export const PATIENCE = { timeout: 120_000, interval: 250 };

type Annotations = Readonly<Record<string, string>>;
type Restic = NonNullable<ReplicationSourceSpec['restic']>;

/** A namespace with Secret and bound pvc. */
export async function anApplication(world: World, annotations: Annotations): Promise<Application> {
  const application = await aNamespace(world);
  await createSecret(application);
  await createPvc(application, annotations);
  await bound(application);
  return application;
}

export async function aNamespace(world: World): Promise<Application> {
  const application = new Application(world);
  await world.cluster.namespaces.create({ metadata: { name: application.namespace } });
  return application;
}

export async function createSecret(
  application: Pick<Application, 'world' | 'namespace'>,
  name = 'restic-secret',
): Promise<void> {
  const { endpointFromPods, accessKey, secretKey } = inject('stack').objectStore;
  const stringData = {
    RESTIC_REPOSITORY: `s3:${endpointFromPods}/repositories/${application.namespace}/${name}`,
    RESTIC_PASSWORD: 'a password of this test',
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
  };
  const secret = { metadata: { namespace: application.namespace, name }, stringData };
  await application.world.cluster.secrets.create(secret);
}

export async function createPvc(
  application: Application,
  annotations: Annotations,
  { storageClassName = 'dir', name = application.pvc.name } = {},
): Promise<void> {
  await application.world.cluster.pvcs.create({
    metadata: { namespace: application.namespace, name, annotations },
    spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
}

/** Resolves once the pvc has its volume. */
export async function bound({ world, pvc }: Pick<Application, 'world' | 'pvc'>): Promise<void> {
  const watch = world.cluster.pvcs.watch();
  const look = () => (watch.get(pvc)?.status?.phase === 'Bound' ? true : undefined);
  await until([watch], look, AbortSignal.timeout(PATIENCE.timeout));
}

/** A sync that has asked the application. */
export async function aWaitingSync(
  world: World,
  restic: Restic = {},
  annotations: Annotations = {},
): Promise<{ application: Application; run: string }> {
  return asks(await anApplication(world, { [A.useCopyTrigger]: '' }), restic, annotations);
}

/** The first sync of this application, once it has asked it. */
export async function asks(
  application: Application,
  restic: Restic = {},
  annotations: Annotations = {},
): Promise<{ application: Application; run: string }> {
  await application.replicate({ copyMethod: 'Snapshot', ...restic }, annotations);
  await application.copyStatus('WaitingForTrigger');
  return { application, run: await latestRun(application) };
}

/** The sync started last; a schedule tells it a moment later. */
export async function latestRun(
  { world, source }: Pick<Application, 'world' | 'source'>,
  after?: string,
): Promise<string> {
  const latest = async () => {
    const { info } = await world.temporal.schedule.getHandle(sourceScheduleId(source)).describe();
    const run = info.recentActions.at(-1)?.action.workflow.workflowId;
    return run === after ? undefined : run;
  };
  return vi.waitUntil(() => latest().catch(() => undefined), PATIENCE);
}

/** Parts of a source's spec; what is undefined is left out, also of what is given by default. */
export interface SourceWish {
  readonly spec?: Record<string, unknown>;
  readonly restic?: Record<string, unknown>;
  readonly annotations?: Annotations;
}

/** A source that never becomes due again by its schedule, unless the wish says otherwise. */
export async function createSource(
  application: Application,
  { spec, restic, annotations = {} }: SourceWish = {},
): Promise<ReplicationSource> {
  const whole = {
    sourcePVC: application.pvc.name,
    trigger: { schedule: NEVER },
    restic: { repository: 'restic-secret', cacheCapacity: '1Gi', copyMethod: 'Snapshot', ...restic },
    ...spec,
  };
  return application.world.cluster.sources.create({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { ...application.source, annotations },
    spec: JSON.parse(JSON.stringify(whole)) as ReplicationSourceSpec,
  });
}

const NEVER = '0 0 29 2 *';

/** Another source of the same pvc, with a repository of its own. */
export async function anotherSource({ world, namespace, pvc }: Application): Promise<ObjectRef> {
  const source = { namespace, name: 'other-rs' };
  await createSecret({ world, namespace }, 'other-secret');
  await world.cluster.sources.create({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: source,
    spec: {
      sourcePVC: pvc.name,
      trigger: { schedule: NEVER },
      restic: { repository: 'other-secret', cacheCapacity: '1Gi', copyMethod: 'Snapshot' },
    },
  });
  return source;
}

export async function annotate(application: Application, annotations: AnnotationPatch): Promise<void> {
  await application.world.cluster.pvcs.patch(application.pvc, { metadata: { annotations } });
}

/** A merge patch of the source's spec; null removes a field. */
export async function edit({ world, source }: Application, spec: Record<string, unknown>): Promise<void> {
  await world.cluster.sources.patch(source, { spec });
}

/** The copy's VolumeSnapshot, once it stands there and is as wanted. */
export async function snapshotOf(
  { world, namespace }: Application,
  wanted: (snapshot: VolumeSnapshot) => boolean = () => true,
): Promise<VolumeSnapshot> {
  const watch = world.cluster.volumeSnapshots.watch();
  return until([watch], () => watch.list(namespace).find(wanted), AbortSignal.timeout(PATIENCE.timeout));
}

/** The mover's pod, once it is in that phase. */
export async function moverPod(
  { world, namespace }: Application,
  phase: 'Pending' | 'Running',
): Promise<Pod> {
  const watch = world.cluster.pods.watch();
  const look = () => watch.list(namespace).find(({ status }) => status?.phase === phase);
  return until([watch], look, AbortSignal.timeout(PATIENCE.timeout));
}

/** Resolves when no object of any sync is left (invariant 10). */
export async function nothingStays(application: Application): Promise<void> {
  const { volumeSnapshots, pvcs, jobs, pods } = application.world.cluster;
  const kinds = [volumeSnapshots, pvcs, jobs, pods].map((resource) => resource.watch());
  const left = () =>
    kinds
      .flatMap((watch): readonly { metadata: { labels?: object } }[] => watch.list(application.namespace))
      .filter(({ metadata }) => LABELS.run in (metadata.labels ?? {}));
  await until(kinds, () => left().length === 0 || undefined, AbortSignal.timeout(PATIENCE.timeout));
  expect(await application.temporaryObjects()).toEqual([]);
}

export interface SeenEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** What `kubectl describe` shows below the source, oldest first. */
export async function eventsOf(application: Application): Promise<readonly SeenEvent[]> {
  const selector = `involvedObject.kind=ReplicationSource,involvedObject.name=${application.source.name}`;
  const sorted = ['--sort-by=.metadata.creationTimestamp', '--output=json'];
  const listed = await application.kubectl('get', 'events', `--field-selector=${selector}`, ...sorted);
  return (JSON.parse(listed) as { readonly items: readonly SeenEvent[] }).items;
}

/** Nudges the sync, and resolves when it has looked at the pvc and waits again. */
export async function looksAndKeepsWaiting(application: Application, run: string): Promise<void> {
  const handle = application.world.temporal.workflow.getHandle(run);
  const before = await begun(application, run);
  await handle.signal(PVC_CHANGED);
  await vi.waitUntil(async () => (await begun(application, run)) > before, PATIENCE);
}

// How often the sync has begun, and so found out what to wait for.
async function begun({ world }: Application, run: string): Promise<number> {
  const { events } = await world.temporal.workflow.getHandle(run).fetchHistory();
  const scheduled = (events ?? [])
    .filter(({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === 'beginSync')
    .map(({ eventId }) => String(eventId));
  return (events ?? []).filter(({ activityTaskCompletedEventAttributes: of }) =>
    scheduled.includes(String(of?.scheduledEventId)),
  ).length;
}

/** The reason with which the sync ends; throws when it succeeds. */
export async function reasonOfFailure(application: Application, run: string): Promise<string> {
  try {
    await application.report(run);
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      if (cause instanceof ApplicationFailure) return cause.type ?? cause.message;
    return String(error);
  }
  throw new Error(`the sync ${run} succeeded`);
}

export function windowIn(annotations: Annotations): CopyWindow | undefined {
  return readCopyWindow(annotations);
}

export interface Answer {
  readonly status: string;
  readonly trigger: string | undefined;
  readonly window: string | undefined;
}

/** Every answer that is written to the pvc from now on, in order. */
export function answersOf(application: Application): Answer[] {
  const answers: Answer[] = [];
  application.world.cluster.pvcs.watch().subscribe((ref, pvc) => {
    if (ref.namespace !== application.namespace || ref.name !== application.pvc.name) return;
    const annotations = pvc?.metadata.annotations ?? {};
    const window = readCopyWindow(annotations);
    if (window?.result === undefined || answers.at(-1)?.window === window.id) return;
    answers.push({ status: window.result, trigger: annotations[A.latestCopyTrigger], window: window.id });
  });
  return answers;
}

export function pvcOf({ world, pvc }: Application) {
  return world.cluster.pvcs.watch().get(pvc);
}
