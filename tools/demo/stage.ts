// Everything that must stand before the first sync: the application writes, worker and controller run, and the
// demo watches.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTemporal } from '../../client/temporal.ts';
import type { Temporal } from '../../client/temporal.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { startOwn } from '../own-processes.ts';
import type { OwnProcess, Program } from '../own-processes.ts';
import { removeEarlierRun } from './earlier-run.ts';
import { apply, findKubectl } from './kubectl.ts';
import type { Kubectl } from './kubectl.ts';
import { applyDefinitions } from './definitions.ts';
import type { Place } from './place.ts';
import { APPLICATION, NAMESPACE, seedObjects } from './seed.ts';
import type { Teller } from './story.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly temporal: Temporal;
  readonly kubectl: Kubectl;
  readonly tell: Teller;
  readonly commands: Place['commands'];
  /** Of worker and controller. */
  readonly pids: readonly number[];
}

/** A poller would miss an answer that stands for less than its interval; nobody polls here. */
const ANSWER_VISIBLE = '5s';

export async function setTheStage(place: Place, folder: string, tell: Teller): Promise<Stage> {
  const kubectl = await findKubectl(place.context);
  const temporal = await connectTemporal();
  await removeEarlierRun({ kubectl, temporal, folder, tell });
  if (place.stack === undefined) await applyDefinitions(kubectl, tell);
  await apply(kubectl, seedObjects(['namespace', 'pvc', 'secret', 'application'], place.seed));
  tell.beat(
    'applied',
    'namespace test-ns, pvc data-pvc, Secret restic-secret and the application of examples/seed',
  );
  tell.beat('repository', `${place.seed.repository['RESTIC_REPOSITORY']}, new for this run`);
  const [cluster, pids] = await Promise.all([
    watchedCluster(place.context, folder),
    startOurs(place, folder, tell),
    applicationWrites(kubectl, tell),
  ]);
  return { cluster, temporal, kubectl, tell, commands: place.commands, pids };
}

async function startOurs(place: Place, folder: string, tell: Teller): Promise<readonly number[]> {
  const started = await Promise.all(
    (['worker', 'controller'] as const).map((program) => startProgram(place, folder, program)),
  );
  tell.beat(
    'started',
    `worker and controller, with STILLPOINT_ANSWER_VISIBLE=${ANSWER_VISIBLE} instead of 30s:`,
  );
  tell.beat('', 'so long an answer stays on the pvc before the next sync may ask again');
  return started.map(({ pid }) => pid);
}

/** Starts one of our programs as the demo runs it. */
export async function startProgram(place: Place, folder: string, program: Program): Promise<OwnProcess> {
  const env = {
    ...place.ownEnvironment,
    STILLPOINT_MOVER_IMAGE: place.moverImage,
    STILLPOINT_ANSWER_VISIBLE: ANSWER_VISIBLE,
  };
  return startOwn({ program, folder, env });
}

async function applicationWrites(kubectl: Kubectl, tell: Teller): Promise<void> {
  await kubectl(['-n', NAMESPACE, 'rollout', 'status', APPLICATION, '--timeout=120s']);
  tell.beat('writing', 'the application appends numbered records to its volume');
}

/** Shared watches of everything that the story tells of; their troubles go to a log file. */
async function watchedCluster(context: string | undefined, folder: string): Promise<Cluster> {
  const file = join(folder, 'demo.log');
  const log = createLog('demo', 'error', { write: (line: string) => appendFileSync(file, line) });
  const cluster = await connectCluster({ component: 'cli', log, ...(context !== undefined && { context }) });
  const { sources, pvcs, volumeSnapshots, jobs, pods } = cluster;
  await Promise.all(
    [sources, pvcs, volumeSnapshots, jobs, pods].map((resource) => resource.watch().synced()),
  );
  return cluster;
}
