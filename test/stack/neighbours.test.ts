// Nobody starts beside somebody who would do the same work. The processes here are our own, in Temporal namespaces
// of their own.
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { VOLSYNC_LEASE } from '../../domain/neighbours.ts';
import { startOwn, stopOwn } from '../../tools/own-processes.ts';
import type { Program } from '../../tools/own-processes.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.each(['worker', 'controller'] as const)('the %s', (program) => {
  it('makes a Temporal namespace its cluster’s, and starts in no other cluster’s', async () => {
    const namespace = await aTemporalNamespace();
    await startAndStop(program, { TEMPORAL_NAMESPACE: namespace });

    await markFor(namespace, 'uid-of-another-cluster');
    const start = startAndStop(program, { TEMPORAL_NAMESPACE: namespace });
    await expect(start).rejects.toThrow(
      new RegExp(
        `Temporal namespace ${namespace} serves another Kubernetes cluster .*uid-of-another-cluster`,
      ),
    );
  });

  it('does not start beside a VolSync that lives, unless it is told to', async () => {
    const namespace = await aTemporalNamespace();
    const removeLease = await aLease();
    try {
      const start = startAndStop(program, { TEMPORAL_NAMESPACE: namespace });
      await expect(start).rejects.toThrow(/VolSync runs in this cluster \(Lease .* is held by volsync-1\)/);
      await startAndStop(program, { TEMPORAL_NAMESPACE: namespace, STILLPOINT_NEIGHBOURS: 'ignore' });
    } finally {
      await removeLease();
    }
  });
});

async function startAndStop(program: Program, env: Readonly<Record<string, string>>): Promise<void> {
  const { kubeconfig, temporalAddress } = inject('stack');
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-neighbours-'));
  try {
    await startOwn({
      program,
      folder,
      env: { KUBECONFIG: kubeconfig, TEMPORAL_ADDRESS: temporalAddress, ...env },
    });
  } finally {
    await stopOwn(program, folder);
  }
}

async function aTemporalNamespace(): Promise<string> {
  const namespace = `neighbours-${randomBytes(4).toString('hex')}`;
  await new Application(world).temporalCli('operator', 'namespace', 'create', '--namespace', namespace);
  // A new namespace is not known everywhere at once.
  const { schedule } = new Client({ connection: world.temporal.connection, namespace });
  await vi.waitFor(async () => schedule.list()[Symbol.asyncIterator]().next(), {
    timeout: 30_000,
    interval: 200,
  });
  return namespace;
}

/** As if a Stillpoint of another cluster had been here first. */
async function markFor(namespace: string, cluster: string): Promise<void> {
  const { schedule } = new Client({ connection: world.temporal.connection, namespace });
  const { action } = await schedule.getHandle('stillpoint/cluster').describe();
  await schedule.getHandle('stillpoint/cluster').delete();
  await vi.waitFor(
    () =>
      schedule.create({
        scheduleId: 'stillpoint/cluster',
        spec: {},
        action: { type: 'startWorkflow', workflowType: 'nothing', taskQueue: action.taskQueue },
        memo: { cluster },
      }),
    { timeout: 30_000, interval: 200 },
  );
}

/** VolSync's, just renewed, in a namespace of its own; returns the way to remove it. */
async function aLease(): Promise<() => Promise<void>> {
  const application = new Application(world);
  const lease = { namespace: application.namespace, name: VOLSYNC_LEASE };
  await world.cluster.namespaces.create({ metadata: { name: application.namespace } });
  await world.cluster.leases.create({
    metadata: lease,
    spec: {
      holderIdentity: 'volsync-1',
      leaseDurationSeconds: 137,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    },
  });
  return async () => {
    await world.cluster.leases.delete(lease);
    await application.remove();
  };
}
