// What the doctor asks Temporal, and of our processes.
import type { Client } from '@temporalio/client';
import { ScheduleNotFoundError } from '@temporalio/client';
import { MOVER_TASK_QUEUE, TASK_QUEUE } from '../../../domain/messages.ts';
import type { Place } from '../place.ts';
import { pollersOf } from '../task-queues.ts';
import { temporalSide } from '../temporal-side.ts';
import type { TemporalSide } from '../temporal-side.ts';
import { bad, ok } from './check.ts';
import type { Check } from './check.ts';
import { asked, deploymentsOf } from './look-cluster.ts';
import {
  judgeController,
  judgeDeployments,
  judgeGuard,
  judgeRetention,
  judgeSearchAttributes,
  judgeServedCluster,
  judgeWorkers,
} from './temporal-judgement.ts';

export async function lookAtTemporal(place: Place): Promise<readonly Check[]> {
  let temporal: TemporalSide;
  try {
    temporal = temporalSide(await place.temporal());
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const doWhat =
      'From outside the cluster: kubectl port-forward to its frontend, and --temporal-address 127.0.0.1:7233.';
    return [bad('Temporal', 'failed', { found, doWhat })];
  }
  const { address, namespace } = temporal;
  const looks = await Promise.all([
    asked('Temporal namespace', () => retention(temporal)),
    asked('search attributes', () => searchAttributes(temporal)),
    asked('cluster of namespace', () => servedCluster(place, temporal)),
    asked('worker', () => workers(temporal)),
    asked('controller', () => controller(place, temporal)),
  ]);
  return [ok('Temporal', `${address} answers, namespace ${namespace}`), ...looks.flat()];
}

async function retention({ client, namespace }: TemporalSide): Promise<readonly Check[]> {
  const { config } = await client.workflowService.describeNamespace({ namespace });
  const { seconds } = config?.workflowExecutionRetentionTtl ?? {};
  return [judgeRetention(namespace, Number(String(seconds ?? 0)) * 1_000)];
}

async function searchAttributes({ client, namespace }: TemporalSide): Promise<readonly Check[]> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return [judgeSearchAttributes(namespace, Object.keys(customAttributes))];
}

// Made by the first of our processes (client/neighbours.ts).
const MARK = 'stillpoint/cluster';

async function servedCluster(
  { cluster }: Place,
  { client, namespace }: TemporalSide,
): Promise<readonly Check[]> {
  const ours = await cluster.namespaces.get({ namespace: '', name: 'kube-system' }).catch(() => undefined);
  return [judgeServedCluster(namespace, await markOf(client), ours?.metadata.uid)];
}

async function markOf({ schedule }: Client): Promise<string | undefined> {
  try {
    const { memo } = await schedule.getHandle(MARK).describe();
    return String(memo?.['cluster']);
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

async function workers({ client, namespace }: TemporalSide): Promise<readonly Check[]> {
  const [steps, movers] = await Promise.all(
    [TASK_QUEUE, MOVER_TASK_QUEUE].map((queue) => pollersOf(client.connection, namespace, queue)),
  );
  return [judgeWorkers(steps ?? 0, movers ?? 0)];
}

async function controller({ cluster }: Place, { client }: TemporalSide): Promise<readonly Check[]> {
  const [sources, schedules] = await Promise.all([cluster.sources.list({}), scheduleIds(client)]);
  return [judgeController(sources, schedules, cluster.now())];
}

async function scheduleIds({ schedule }: Client): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { scheduleId } of schedule.list()) ids.push(scheduleId);
  return ids;
}

/** What the cluster says of our processes, with or without Temporal. */
export async function lookAtProcesses(place: Place): Promise<readonly Check[]> {
  const { cluster } = place;
  const looks = await Promise.all([
    asked('processes', async () => judgeDeployments(await deploymentsOf(place))),
    asked('guard', async () => [judgeGuard(await cluster.pvcs.list({}), cluster.now())]),
  ]);
  return looks.flat();
}
