// What `kubectl stillpoint status` costs before it prints a line: CPU time of the whole process and list requests,
// against 500 sources that stand still (paused, on pvcs that nobody binds).
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Cost } from '../../client/cli/cost.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { writeAll } from './writes.ts';

const SOURCES = 500;
const ROUNDS = 10;
const PROGRAM = join(import.meta.dirname, '../../bin/kubectl-stillpoint');
const run = promisify(execFile);

/** By the keys of their rows: seconds of CPU, and how many lists were asked for. */
export interface CliFigures {
  readonly 'cli-cpu': readonly number[];
  readonly 'cli-lists': readonly number[];
}

/** `place` is that of the bench: KUBECONFIG is set, and this process is in the stack's network. */
export async function measureCli(place: {
  readonly cluster: Cluster;
  readonly say: (line: string) => void;
}): Promise<CliFigures> {
  const { cluster, say } = place;
  const namespace = `bench-cli-${randomBytes(4).toString('hex')}`;
  await cluster.namespaces.create({ metadata: { name: namespace } });
  try {
    await install(cluster, namespace);
    say(`${SOURCES} sources stand; status is asked for ${ROUNDS} times`);
    await statusCost(namespace); // Fills the cache of compiled code, as the first command of a person does.
    const costs: Cost[] = [];
    for (let round = 0; round < ROUNDS; round += 1) costs.push(await statusCost(namespace));
    return {
      'cli-cpu': costs.map(({ cpuMilliseconds }) => cpuMilliseconds / 1_000),
      'cli-lists': costs.map(listsIn),
    };
  } finally {
    await cluster.namespaces.delete({ namespace: '', name: namespace });
  }
}

async function install(cluster: Cluster, namespace: string): Promise<void> {
  const names = Array.from({ length: SOURCES }, (_, number) => `orders-${number}`);
  await writeAll(
    names,
    (name) =>
      cluster.pvcs.create({
        metadata: { namespace, name },
        spec: {
          storageClassName: 'nobody-binds',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      }),
    (name) =>
      cluster.sources.create({
        apiVersion: 'volsync.backube/v1alpha1',
        kind: 'ReplicationSource',
        metadata: { namespace, name },
        spec: {
          sourcePVC: name,
          paused: true,
          trigger: { schedule: '0 3 * * *' },
          restic: { repository: 'restic-secret', copyMethod: 'Snapshot' },
        },
      }),
  );
}

async function statusCost(namespace: string): Promise<Cost> {
  const env = { ...process.env, STILLPOINT_CLI_COST: '1' };
  const { stdout, stderr } = await run(PROGRAM, ['status', '-n', namespace], { env, maxBuffer: 1 << 24 });
  const rows = stdout.trimEnd().split('\n').length - 1;
  if (rows !== SOURCES) throw new Error(`status has shown ${rows} of ${SOURCES} sources`);
  return JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as Cost;
}

function listsIn({ requests }: Cost): number {
  const lists = Object.entries(requests).filter(([request]) => request.startsWith('list '));
  return lists.reduce((sum, [, count]) => sum + count, 0);
}
