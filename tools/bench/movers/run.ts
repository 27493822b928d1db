// One run of one of our movers, from an empty target, and when its Job's pod ran as a watch shows it.
import { until } from '../../../activities/watching.ts';
import type { Job, ObjectRef, Pod } from '../../../api/kubernetes.ts';
import type { ReplicationDestination } from '../../../api/replication-destination.ts';
import type { MoverName } from '../../../api/sync.ts';
import { ANNOTATIONS_OF_RUN } from '../../../domain/names.ts';
import { SECTIONS } from '../../../domain/plan.ts';
import { readHistory } from '../history.ts';
import type { Place } from '../place.ts';
import type { DataSet } from './data.ts';
import { PATIENCE_MS } from './pods.ts';

export interface MoverRunWish {
  readonly mover: MoverName;
  readonly namespace: string;
  /** Of everything that this run makes, and of its place in the object store. */
  readonly name: string;
  readonly data: DataSet;
}

/** In seconds. */
export interface MoverRun {
  /** From the Job's creation to the end of its container. */
  readonly job: number;
  /** From the Job's creation to the start of its container. */
  readonly podStart: number;
  /** The sync's step, as Temporal has it. */
  readonly moveCopy: number;
}

type Moment = 'created' | 'running' | 'ended';
const TAG = 'once';

export async function runMover(place: Place, wish: MoverRunWish): Promise<MoverRun> {
  const { cluster, temporal } = place;
  const { namespace, name } = wish;
  const section = await sectionOf(place, wish);
  const seen = observeJob(place, wish);
  try {
    await cluster.sources.create({
      apiVersion: 'volsync.backube/v1alpha1',
      kind: 'ReplicationSource',
      metadata: { namespace, name },
      spec: {
        sourcePVC: wish.data.name,
        trigger: { manual: TAG },
        [SECTIONS[wish.mover]]: { ...section, copyMethod: 'Direct' },
      },
    });
    await reported(place, { namespace, name });
    const handle = temporal.client.workflow.getHandle(seen.run());
    await handle.result();
    const { times } = readHistory(await handle.fetchHistory());
    const between = (from: number | undefined, to: number | undefined) =>
      ((to ?? NaN) - (from ?? NaN)) / 1000;
    const { created, running, ended } = seen.moments;
    return {
      job: between(created, ended),
      podStart: between(created, running),
      moveCopy: between(times['moveCopy scheduled'], times['moveCopy completed']),
    };
  } finally {
    seen.stop();
  }
}

async function reported({ cluster }: Place, source: ObjectRef): Promise<void> {
  const watch = cluster.sources.watch();
  const look = () => {
    const { latestMoverStatus, lastManualSync } = watch.get(source)?.status ?? {};
    return latestMoverStatus?.result === 'Failed' || lastManualSync === TAG ? latestMoverStatus : undefined;
  };
  const ended = await until([watch], look, AbortSignal.timeout(PATIENCE_MS));
  if (ended.result === 'Failed') throw new Error(`The mover of ${source.name} failed: ${ended.logs}`);
}

/** The Job of this source, its moments by the clock of this process. */
function observeJob({ cluster }: Place, { namespace, name }: MoverRunWish) {
  const moments: Partial<Record<Moment, number>> = {};
  let job: Job | undefined;
  const mark = (moment: Moment) => (moments[moment] ??= performance.now());
  const isOf = ({ metadata }: Job | Pod, kind: string, owner?: string) =>
    metadata.namespace === namespace &&
    metadata.ownerReferences?.some((one) => one.kind === kind && one.name === owner);
  const stops = [
    cluster.jobs.watch().subscribe((_, found) => {
      if (found === undefined || !isOf(found, 'ReplicationSource', name)) return;
      job ??= found;
      mark('created');
    }),
    cluster.pods.watch().subscribe((_, found) => {
      if (found !== undefined && isOf(found, 'Job', job?.metadata.name)) momentsOf(found).forEach(mark);
    }),
  ];
  return {
    moments,
    stop: () => stops.forEach((stop) => stop()),
    run: () => job?.metadata.annotations?.[ANNOTATIONS_OF_RUN.workflowId] ?? '',
  };
}

function momentsOf({ status }: Pod): readonly Moment[] {
  const { running, terminated } = status?.containerStatuses?.[0]?.state ?? {};
  if (terminated !== undefined) return ['running', 'ended'];
  return running === undefined ? [] : ['running'];
}

async function sectionOf(place: Place, wish: MoverRunWish): Promise<object> {
  const { mover, namespace, name } = wish;
  const { endpointFromPods, accessKey, secretKey } = place.stack.objectStore;
  const path = `repositories/${namespace}/${name}`;
  const secret = (stringData: Readonly<Record<string, string>>) =>
    place.cluster.secrets.create({ metadata: { namespace, name }, stringData } as Secret);
  if (mover === 'restic') {
    await secret({
      RESTIC_REPOSITORY: `s3:${endpointFromPods}/${path}`,
      RESTIC_PASSWORD: 'a password for measuring',
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
    });
    return { repository: name, cacheCapacity: '16Gi' };
  }
  if (mover === 'rclone') {
    const keys = `access_key_id = ${accessKey}\nsecret_access_key = ${secretKey}\n`;
    const remote = `type = s3\nprovider = Minio\nendpoint = ${endpointFromPods}\nno_check_bucket = true\n${keys}`;
    await secret({ 'rclone.conf': `[store]\n${remote}` });
    return { rcloneConfig: name, rcloneConfigSection: 'store', rcloneDestPath: path };
  }
  return listening(place, wish);
}

type Secret = Parameters<Place['cluster']['secrets']['create']>[0];

type Published = Readonly<Partial<Record<'address' | 'sshKeys' | 'keySecret', string>>>;

/** A destination that waits for its source; what the source must know of it. */
async function listening(place: Place, { mover, namespace, name }: MoverRunWish): Promise<object> {
  const { cluster } = place;
  const ref = { namespace, name: `${name}-receiver` };
  const section = SECTIONS[mover];
  const options = { copyMethod: 'Direct', capacity: '16Gi', accessModes: ['ReadWriteOnce'] };
  await cluster.destinations.create({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationDestination',
    metadata: ref,
    spec: { trigger: { manual: TAG }, [section]: options },
  } as ReplicationDestination);
  const watch = cluster.destinations.watch();
  const field = mover === 'rsync' ? 'sshKeys' : 'keySecret';
  const published = () => {
    const status = watch.get(ref)?.status as Readonly<Record<string, Published | undefined>> | undefined;
    const { address, [field]: keys } = status?.[section] ?? {};
    return address === undefined || keys === undefined ? undefined : { address, [field]: keys };
  };
  const told = await until([watch], published, AbortSignal.timeout(PATIENCE_MS));
  const pods = cluster.pods.watch();
  const isListening = (pod: Pod) =>
    pod.metadata.ownerReferences?.[0]?.name === `volsync-${mover}-dst-${ref.name}` &&
    momentsOf(pod).includes('running');
  const listens = () => (pods.list(namespace).some(isListening) ? true : undefined);
  await until([pods], listens, AbortSignal.timeout(PATIENCE_MS));
  return told;
}
