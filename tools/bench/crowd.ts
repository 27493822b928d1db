// A hundred sources that become due at once, as at midnight, and whose owners all answer as soon as all are asked.
import { randomBytes } from 'node:crypto';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { isTidy, removeNamespace, setTrigger, write } from './application.ts';
import { everyPvc, isCompleted, isWaiting } from './every-pvc.ts';
import { load, quiesced, warmUp } from './measure.ts';
import { pvcOf, repository, sourceOf } from './objects.ts';
import type { Place } from './place.ts';
import type { Figures } from './rows.ts';
import type { System } from './system.ts';
import { writeAll } from './writes.ts';

const CROWD = 100;
const PATIENCE_MS = 300_000;

interface Crowd {
  readonly namespace: string;
  readonly names: readonly string[];
}

/** One round, in seconds. */
export async function measureCrowd(place: Place, system: System): Promise<Figures> {
  await system.start();
  try {
    await warmUp(place, system);
    const crowd = await installCrowd(place);
    place.say(`${system.name}: ${CROWD} sources at once; load ${load()}`);
    const figures = await playCrowd(place, crowd);
    place.say(`${system.name}: ${JSON.stringify(figures)}; load ${load()}`);
    await removeCrowd(place, crowd);
    return figures;
  } finally {
    await system.stop();
  }
}

/** Bound and filled pvcs, and a repository for each; the sources come in the round. */
async function installCrowd(place: Place): Promise<Crowd> {
  const { cluster, stack } = place;
  const namespace = `bench-crowd-${randomBytes(4).toString('hex')}`;
  const names = Array.from({ length: CROWD }, (_, number) => `data-${number}`);
  await cluster.namespaces.create({ metadata: { name: namespace } });
  await writeAll(
    names,
    (name) => cluster.secrets.create(repository(stack, { namespace, name })),
    (name) => cluster.pvcs.create(pvcOf({ namespace, name })),
  );
  await write(place, namespace, names);
  return { namespace, names };
}

async function playCrowd(place: Place, { namespace, names }: Crowd): Promise<Figures> {
  const { cluster } = place;
  const pvcs = names.map((name) => ({ namespace, name }));
  const trigger = 'all-at-once';
  const seen = (what: string, fulfilled: Parameters<typeof everyPvc>[2]['fulfilled']) =>
    everyPvc(cluster, pvcs, { what, fulfilled, withinMs: PATIENCE_MS });
  const waiting = seen('waiting', isWaiting);
  const sources = names.map((name) =>
    sourceOf({ source: { namespace, name }, pvc: name, secret: name, tag: 'first' }),
  );
  const created = writeAll(sources, (source) => cluster.sources.create(source));
  const [asked, due] = await Promise.all([waiting, created]);
  await quiesced();
  const triggered = seen('triggered', (annotations) => annotations[ANNOTATIONS.copyTrigger] === trigger);
  const completed = seen('Completed', isCompleted(trigger));
  await writeAll(pvcs, (pvc) => setTrigger(place, pvc, trigger));
  const inTime = (from: number, to: number) => [Math.max(0, to - from) / 1000];
  return {
    'crowd-waiting': inTime(due, asked),
    'crowd-completed': inTime(await triggered, await completed),
  };
}

// The movers are not waited for: with their sources they go.
async function removeCrowd(place: Place, { namespace }: Crowd): Promise<void> {
  const { cluster } = place;
  const sources = 'replicationsources.volsync.backube';
  await place.kubectl('-n', namespace, 'delete', sources, '--all', '--wait=false');
  const tidy = () => (isTidy(place, namespace) ? true : undefined);
  const watches = [cluster.volumeSnapshots.watch(), cluster.jobs.watch()];
  await until(watches, tidy, AbortSignal.timeout(PATIENCE_MS));
  await removeNamespace(place, namespace);
}
