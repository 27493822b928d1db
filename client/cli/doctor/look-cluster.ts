// What the doctor asks the cluster. A question that may not be asked is told as unknown, and stops no other.
import type { Place } from '../place.ts';
import { isHeld, VOLSYNC_LEASE } from '../../../domain/neighbours.ts';
import { isNotFound, isTransient, isUnknownKind } from '../../../kubernetes/kubernetes-error.ts';
import { bad, ok } from './check.ts';
import type { Check } from './check.ts';
import {
  DEFINITIONS,
  judgeClasses,
  judgeClock,
  judgeDefinitions,
  judgeSnapshotController,
  judgeVersion,
} from './cluster-judgement.ts';
import type { Definition, Deployment } from './cluster-judgement.ts';

export async function lookAtCluster(place: Place): Promise<readonly Check[]> {
  const version = await asked('Kubernetes', async () => [judgeVersion(await versionOf(place))]);
  const looks = await Promise.all([
    asked('definitions', async () => judgeDefinitions(await definitionsOf(place))),
    asked('snapshot classes', () => classes(place)),
    asked('snapshot-controller', () => snapshotController(place)),
    asked('VolSync', () => volSync(place)),
  ]);
  return [...version, judgeClock(place.cluster.now(), Date.now()), ...looks.flat()];
}

/** One question, whose failure is an answer, too. */
export async function asked(name: string, ask: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await ask().catch((error: unknown) => {
      if (!isTransient(error)) throw error;
      return ask();
    });
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return [bad(name, 'unknown', { found, doWhat: 'Ask with the rights of an administrator.' })];
  }
}

async function versionOf({ transport }: Place) {
  const request = { verb: 'get', resource: 'version', path: '/version' } as const;
  return (await transport.call(request)) as { readonly minor?: string; readonly gitVersion?: string };
}

const DEFINITIONS_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

async function definitionsOf({ transport }: Place): Promise<readonly Definition[]> {
  const resource = 'customresourcedefinitions';
  const found = await Promise.all(
    DEFINITIONS.map(async ({ name }) => {
      const path = `${DEFINITIONS_PATH}/${name}`;
      const answer = transport.call({ verb: 'get', resource, subject: name, path });
      return (await answer.catch(unlessMissing)) as Definition | undefined;
    }),
  );
  return found.filter((definition) => definition !== undefined);
}

function unlessMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

async function classes({ cluster }: Place): Promise<readonly Check[]> {
  const [storage, snapshots] = await Promise.all([
    cluster.storageClasses.list({}),
    cluster.volumeSnapshotClasses.list({}).catch(noneOfUnknownKind),
  ]);
  return judgeClasses(storage, snapshots);
}

async function snapshotController(place: Place): Promise<readonly Check[]> {
  const { cluster } = place;
  const [deployments, snapshots] = await Promise.all([
    deploymentsOf(place),
    cluster.volumeSnapshots.list({}).catch(noneOfUnknownKind),
  ]);
  return [judgeSnapshotController({ deployments, snapshots, now: cluster.now() })];
}

export async function deploymentsOf({ transport }: Place): Promise<readonly Deployment[]> {
  const path = '/apis/apps/v1/deployments';
  const answer = await transport.call({
    verb: 'list',
    resource: 'deployments',
    path,
    query: { limit: 1000 },
  });
  return (answer as { readonly items?: readonly Deployment[] }).items ?? [];
}

async function volSync({ cluster }: Place): Promise<readonly Check[]> {
  const leases = await cluster.leases.list({});
  const held = leases.find((lease) => lease.metadata.name === VOLSYNC_LEASE && isHeld(lease, cluster.now()));
  if (held === undefined) return [ok('VolSync', 'its operator does not run here')];
  return [
    bad('VolSync', 'failed', {
      found: `its operator runs in namespace ${held.metadata.namespace} and serves the same sources`,
      doWhat: 'kubectl stillpoint migrate shows how to go over.',
    }),
  ];
}

function noneOfUnknownKind(error: unknown): readonly never[] {
  if (!isUnknownKind(error)) throw error;
  return [];
}
