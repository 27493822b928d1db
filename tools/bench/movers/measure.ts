// Each mover beside the tool that it calls, in turn: ours, bare, ours, bare. Every run begins with an empty target.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../activities/watching.ts';
import type { MoverName } from '../../../api/sync.ts';
import { removeNamespace } from '../application.ts';
import { load } from '../measure.ts';
import type { Place } from '../place.ts';
import { stillpoint } from '../stillpoint.ts';
import { runBare } from './bare.ts';
import { dataSets, makeData } from './data.ts';
import type { DataSet } from './data.ts';
import { PATIENCE_MS } from './pods.ts';
import { runMover } from './run.ts';
import type { MoverRun, MoverRunWish } from './run.ts';

const MOVERS: readonly MoverName[] = ['restic', 'rclone', 'rsync-tls', 'rsync'];

/** One mover with one set of data. */
export interface MoverCell {
  readonly mover: MoverName;
  readonly data: DataSet;
  readonly ours: readonly MoverRun[];
  /** Seconds of the bare tool. */
  readonly bare: readonly number[];
}

export async function measureMovers(
  place: Place,
  wish: { readonly rounds: number; readonly scale: number },
): Promise<readonly MoverCell[]> {
  const system = stillpoint(place);
  const namespace = `bench-movers-${randomBytes(4).toString('hex')}`;
  const metadata = { name: namespace, annotations: { 'volsync.backube/privileged-movers': 'true' } };
  await place.cluster.namespaces.create({ metadata });
  await Promise.all([place.cluster.pods.watch().synced(), place.cluster.destinations.watch().synced()]);
  await system.start();
  const cells: MoverCell[] = [];
  try {
    for (const data of dataSets(wish.scale)) {
      await makeData(place, namespace, data);
      for (const mover of MOVERS) cells.push(await playCell(place, { mover, namespace, data }, wish.rounds));
      await removeVolumes(place, namespace);
    }
    await removeNamespace(place, namespace);
  } finally {
    await system.stop();
    forgetObjects(place, namespace);
  }
  return cells;
}

async function playCell(place: Place, wish: Omit<MoverRunWish, 'name'>, rounds: number): Promise<MoverCell> {
  const { mover, data, namespace } = wish;
  const ours: MoverRun[] = [];
  const bare: number[] = [];
  const say = (line: string) => place.say(`movers: ${mover}, ${data.what}: ${line}; load ${load()}`);
  while (bare.length < rounds) {
    const name = `${mover}-${data.name}-${bare.length + 1}`;
    const run = await runMover(place, { ...wish, name });
    ours.push(run);
    say(`ours ${run.job.toFixed(1)} s`);
    await tidy(place, namespace, data);
    const seconds = await runBare(place, { ...wish, name: `bare-${name}` });
    bare.push(seconds);
    say(`bare ${seconds.toFixed(1)} s`);
    await tidy(place, namespace, data);
  }
  return { mover, data, ours, bare };
}

/** Nothing is left but the data, neither on the disk nor on its way there. */
async function tidy(place: Place, namespace: string, data: DataSet): Promise<void> {
  const { cluster, kubectl } = place;
  const owners = 'replicationsources.volsync.backube,replicationdestinations.volsync.backube';
  await kubectl('-n', namespace, 'delete', owners, '--all', '--timeout=120s');
  const others = () =>
    cluster.pvcs
      .watch()
      .list(namespace)
      .filter(({ metadata }) => metadata.name !== data.name);
  const movers = () => cluster.pods.watch().list(namespace);
  await until(
    [cluster.pvcs.watch(), cluster.pods.watch()],
    () => (others().length + movers().length === 0 ? true : undefined),
    AbortSignal.timeout(PATIENCE_MS),
  );
  forgetObjects(place, namespace);
  execFileSync('sync');
}

async function removeVolumes({ kubectl }: Place, namespace: string): Promise<void> {
  await kubectl('-n', namespace, 'delete', 'pvc', '--all', '--timeout=300s');
}

// From below the store: to delete 20,000 objects through it would take longer than to write them.
function forgetObjects({ stack }: Place, namespace: string): void {
  const folder = join(stack.stateFolder, 'objects', 'repositories', namespace);
  rmSync(folder, { recursive: true, force: true });
}
