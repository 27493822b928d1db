// `stillpoint uninstall`: ends every sync while workers still run, so that nobody is left asked or frozen when they go,
// and says what stays. Helm's chart runs it before it removes anything; who installed by other means runs it by hand.
//   --after-pods shop/app=controller   wait until these pods are gone: a controller would start further syncs
//   --patience 5m                      how long all that may take
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ControllerSettings, readSettings } from '../../api/settings.ts';
import { durationMs } from '../../domain/duration.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { connectCluster } from '../../kubernetes/connect.ts';
import { createLog } from '../../telemetry/log.ts';
import { createRuns } from '../controller/runs.ts';
import { createSchedules } from '../controller/schedules.ts';
import { StartError, orStartError, runProgram } from '../program.ts';
import { connectTemporal } from '../temporal.ts';
import { endWhatStands, isQuiet, lookForSyncs } from './end-syncs.ts';
import type { Standing } from './end-syncs.ts';
import { leftBehind } from './left-behind.ts';

const LOOK_AGAIN_MS = 500;

await runProgram('uninstall', async (stop) => {
  const { patienceMs, pods } = readArguments();
  const { kubeContext: context, logLevel } = readSettings(ControllerSettings, process.env);
  const log = createLog('uninstall', logLevel);
  const temporal = await connectTemporal();
  const { client, namespace } = temporal;
  const cluster = await orStartError(
    connectCluster({ component: 'controller', log, ...(context && { context }) }),
  );
  const place = { cluster, client, schedules: createSchedules(client), runs: createRuns(client), log };
  const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMs)]);

  await waitUntil(async () => (await countPods(cluster, pods)) === 0, signal);
  let standing: Standing | undefined;
  const quiet = await waitUntil(async () => {
    standing = await lookForSyncs(place, signal);
    if (!isQuiet(standing)) await endWhatStands(place, standing, signal);
    return isQuiet(standing);
  }, signal);
  if (!quiet) throw new StartError(sentenceOf(standing));
  for (const line of await leftBehind(cluster, namespace)) process.stdout.write(`${line}\n`);
  await Promise.all([cluster.close(), temporal.close()]);
});

interface PodsOf {
  readonly namespace: string;
  readonly labelSelector: string;
}

function readArguments(): { readonly patienceMs: number; readonly pods: PodsOf | undefined } {
  const { values } = parseArgs({
    options: { patience: { type: 'string', default: '5m' }, 'after-pods': { type: 'string' } },
  });
  const patienceMs = durationMs(values.patience);
  if (patienceMs === undefined)
    throw new StartError(`--patience is ${values.patience}, expected a duration such as 5m.`);
  const [, namespace, labelSelector] = /^([^/]+)\/(.+)$/.exec(values['after-pods'] ?? '') ?? [];
  const pods =
    namespace === undefined || labelSelector === undefined ? undefined : { namespace, labelSelector };
  return { patienceMs, pods };
}

async function countPods({ pods }: Cluster, where: PodsOf | undefined): Promise<number> {
  return where === undefined ? 0 : (await pods.list(where)).length;
}

/** False when there was no more time. */
async function waitUntil(condition: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await condition()) return true;
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

function sentenceOf(standing: Standing | undefined): string {
  const windows = standing?.windows.map(({ pvc }) => `${pvc.namespace}/${pvc.name}`) ?? [];
  const syncs = [...(standing?.syncs ?? [])];
  return `Syncs have not ended in time: ${syncs.join(', ') || 'none runs'}; open windows of PVCs: ${windows.join(', ') || 'none'}. Nothing was removed: see that a worker runs, and uninstall again, or go without with "helm uninstall --no-hooks" once each of these PVCs says Failed.`;
}
