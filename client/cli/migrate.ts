// `migrate`: from VolSync. Without --apply nothing is changed; with it, VolSync's operator is stopped, which is the one
// step that must come before ours.
import { isHeld, VOLSYNC_LEASE } from '../../domain/neighbours.ts';
import { pause } from '../../kubernetes/backoff.ts';
import { isUnknownKind } from '../../kubernetes/kubernetes-error.ts';
import type { Lease } from '../../api/kubernetes.ts';
import type { Run } from './catalogue.ts';
import { deploymentsOf } from './doctor/look-cluster.ts';
import type { Deployment } from './doctor/cluster-judgement.ts';
import { CliError, EXIT } from './exit.ts';
import type { ExitCode } from './exit.ts';
import { CHANGES, planMigration } from './migration.ts';
import type { MigratedObject, Migration } from './migration.ts';
import type { Place } from './place.ts';
import type { Table } from './print/table.ts';

export const run: Run = async (place, typed) => {
  const { out, cluster } = place;
  const [sources, destinations, pvcs, deployments, lease] = await Promise.all([
    cluster.sources.list({}).catch(noneOfUnknownKind),
    cluster.destinations.list({}).catch(noneOfUnknownKind),
    cluster.pvcs.list({}),
    deploymentsOf(place),
    leaseOf(place),
  ]);
  const migration = planMigration({ sources, destinations, pvcs, deployments, lease });
  if (out.format === 'json' || out.format === 'yaml') await out.data({ ...migration, changes: CHANGES });
  else show(place, migration, lease);
  if (typed.flags['apply'] !== true) {
    out.remark('Nothing was changed; --apply stops the operator of VolSync.');
    return EXIT.done;
  }
  return apply(place, migration);
};

function show(
  { out }: Place,
  { operators, objects, busy, steps }: Migration,
  lease: Lease | undefined,
): void {
  const runs = lease === undefined ? 'does not run' : `runs in namespace ${lease.metadata.namespace}`;
  out.line(`The operator of VolSync ${runs}; ${operators.length} Deployment(s) of it are visible.`);
  if (objects.length > 0) {
    out.line('');
    out.table(tableOf(objects));
  }
  out.line('\nWhat changes for all of them:');
  for (const change of CHANGES) out.line(`  - ${change}`);
  if (busy.length > 0) out.line(`\nBeing synchronised now: ${busy.join(', ')}.`);
  out.line('\nStep by step:');
  for (const [index, step] of steps.entries()) out.line(`  ${index + 1}. ${step}`);
}

function tableOf(objects: readonly MigratedObject[]): Table {
  return {
    heads: ['KIND', 'NAME', 'MOVER', 'VERDICT', 'REMARKS'],
    rows: objects.map(({ kind, name, mover, verdict, remarks }) => [
      kind,
      name,
      mover,
      { text: verdict, style: verdict === 'served' ? 'green' : verdict === 'refused' ? 'red' : 'dim' },
      remarks.join('; '),
    ]),
  };
}

async function leaseOf({ cluster }: Place): Promise<Lease | undefined> {
  const leases = await cluster.leases.list({});
  return leases.find((lease) => lease.metadata.name === VOLSYNC_LEASE && isHeld(lease, cluster.now()));
}

const LEASE_RUNS_OUT_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 1_000;

async function apply(place: Place, { operators, busy }: Migration): Promise<ExitCode> {
  const { out, interrupted } = place;
  if (busy.length > 0)
    throw new CliError(
      `${busy.join(', ')} is being synchronised: wait for its end, so that no application is left standing still, and try again.`,
    );
  for (const operator of operators) await stop(place, operator);
  const until = Date.now() + LEASE_RUNS_OUT_WITHIN_MS;
  while ((await leaseOf(place)) !== undefined) {
    if (interrupted.aborted) throw interrupted.reason;
    if (Date.now() > until)
      throw new CliError(
        'The operator of VolSync still holds its Lease: it runs somewhere that is not visible from here.',
        EXIT.timedOut,
      );
    await pause(LOOK_EVERY_MS, interrupted);
  }
  out.line('The operator of VolSync is stopped; Stillpoint may start.');
  return EXIT.done;
}

async function stop({ transport, out }: Place, { metadata, spec }: Deployment): Promise<void> {
  const { namespace = '', name } = metadata;
  if (spec?.replicas === 0) return;
  await transport.call({
    verb: 'patch',
    resource: 'deployments',
    subject: `${namespace}/${name}`,
    path: `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments/${encodeURIComponent(name)}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { replicas: 0 } },
  });
  out.line(`deployment ${namespace}/${name}: scaled to 0`);
}

function noneOfUnknownKind(error: unknown): readonly never[] {
  if (!isUnknownKind(error)) throw error;
  return [];
}
