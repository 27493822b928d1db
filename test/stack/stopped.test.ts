// A sync that a person stops, in each of its phases. Cancelled, it tidies up after itself; terminated, nothing of it
// runs any more, and the controller does that for it. Either way the application is let go and nothing stays.
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import {
  aWaitingSync,
  anotherSource,
  latestRun,
  moverPod,
  nothingStays,
  PATIENCE,
  pvcOf,
  snapshotOf,
  windowIn,
} from './window-scenario.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

interface Stopping {
  readonly how: 'cancel' | 'terminate';
  readonly reason: 'Cancelled' | 'SyncEnded';
}

const STOPPINGS: readonly Stopping[] = [
  { how: 'cancel', reason: 'Cancelled' },
  { how: 'terminate', reason: 'SyncEnded' },
];

describe.concurrent.each(STOPPINGS)('a sync that a person tells to $how', ({ how, reason }) => {
  it('while it begins: the copy that it waited for is none of its business', async () => {
    const { application, run } = await frozenSync();
    const other = { world, source: await anotherSource(application) };
    const otherRun = await latestRun(other);
    await vi.waitUntil(() => hasPendingActivity(otherRun, 'beginSync'), PATIENCE);
    await stop(application, how, otherRun);

    await expect(application.report(otherRun)).rejects.toThrow();
    expect(pvcOf(application)?.metadata.annotations).toMatchObject({ [A.latestCopyStatus]: 'InProgress' });
    expect(windowIn(pvcOf(application)?.metadata.annotations ?? {})?.runs).toEqual([run]);
    await stop(application, 'cancel', run);
    await application.copyStatus('Failed');
    await nothingStays(application);
    await application.remove();
  });

  it('while it waits: the application is asked no longer, and the next sync asks again (row 9)', async () => {
    const { application, run } = await aWaitingSync(world);
    await stop(application, how, run);

    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(new RegExp(`^${reason}: `));
    expect(failed).not.toHaveProperty(A.waitingSince);
    expect(failed).not.toHaveProperty(A.latestCopyTrigger);
    await theStatusTells(application, run);
    await nothingStays(application);
    await succeeds(application, run);
    await application.remove();
  });

  it('while the application stands still: it is released, its trigger used up, the half-made copy dropped (row 7)', async () => {
    const { application, run } = await frozenSync();
    await stop(application, how, run);

    const failed = await application.copyStatus('Failed');
    expect(failed).toMatchObject({ [A.latestCopyTrigger]: 'frozen' });
    expect(failed[A.latestCopyError]).toMatch(new RegExp(`^${reason}: `));
    expect(failed).not.toHaveProperty(A.releaseBy);
    await theStatusTells(application, run);
    await nothingStays(application);
    await application.remove();
  });

  it('while the copy is cut but cannot be read yet: what was answered stays answered, the copy goes', async () => {
    const { application, run } = await aWaitingSync(world, {
      volumeSnapshotClassName: 'dir-slow-ready',
      moverAffinity: NOWHERE,
    });
    await application.setTrigger('released');
    await application.copyStatus('Completed');
    await snapshotOf(application, ({ status }) => status?.readyToUse === false);
    await stop(application, how, run);
    await movesNothing(application, run);
    await application.remove();
  });

  it('while its mover cannot start: what was answered stays answered, copy and Job go', async () => {
    const { application, run } = await aWaitingSync(world, { moverAffinity: NOWHERE });
    await application.setTrigger('released');
    await moverPod(application, 'Pending');
    await stop(application, how, run);
    await movesNothing(application, run);
    await application.remove();
  });

  it('while its mover runs: what was answered stays answered, copy, Job and pod go', async () => {
    const application = new Application(world);
    await application.install({ [A.useCopyTrigger]: '' });
    await application.shell('echo one > /data/records; sync');
    await repositoryIsDeaf(application);
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.copyStatus('WaitingForTrigger');
    const run = await latestRun(application);
    await application.setTrigger('released');
    await moverPod(application, 'Running');
    await stop(application, how, run);
    await movesNothing(application, run);
    await application.remove();
  });
});

// No node carries this label.
const NOWHERE = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'stillpoint.dev/nowhere', operator: 'Exists' }] }],
    },
  },
};

/** An application that stands still for a copy which its storage refuses to cut. */
async function frozenSync(): Promise<{ application: Application; run: string }> {
  const waiting = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-fail' });
  await waiting.application.setTrigger('frozen');
  await waiting.application.copyStatus('InProgress');
  await snapshotOf(waiting.application);
  return waiting;
}

/** Nobody listens on this port: restic tries again and again. */
async function repositoryIsDeaf(application: Application): Promise<void> {
  const { hostname } = new URL(inject('stack').objectStore.endpointFromPods);
  const stringData = { RESTIC_REPOSITORY: `s3:http://${hostname}:1/repositories/nowhere` };
  const patch = `--patch=${JSON.stringify({ stringData })}`;
  await application.kubectl('patch', 'secret/restic-secret', '--type=merge', patch);
}

async function stop(application: Application, how: Stopping['how'], run: string): Promise<void> {
  const handle = application.world.temporal.workflow.getHandle(run);
  await (how === 'cancel' ? handle.cancel() : handle.terminate('a test'));
}

async function hasPendingActivity(run: string, name: string): Promise<boolean> {
  const { raw } = await world.temporal.workflow.getHandle(run).describe();
  return (raw.pendingActivities ?? []).some(({ activityType }) => activityType?.name === name);
}

/** The source's status says in one sentence how the sync ended, and no sync is in progress. */
async function theStatusTells(application: Application, run: string): Promise<void> {
  await expect(application.report(run)).rejects.toThrow();
  const status = await application.sourceStatus(({ lastSyncStartTime, conditions }) => {
    return lastSyncStartTime === undefined && conditions?.[0]?.reason === 'Error';
  });
  expect(status.conditions?.[0]?.message).toMatch(/^The sync .*(cancelled|terminated)/);
  expect(status.latestMoverStatus?.result).toBe('Failed');
  expect(status).not.toHaveProperty('lastSyncTime');
}

/** The application was let go long before: nothing of that is taken back. */
async function movesNothing(application: Application, run: string): Promise<void> {
  await theStatusTells(application, run);
  await nothingStays(application);
  expect(pvcOf(application)?.metadata.annotations).toMatchObject({ [A.latestCopyTrigger]: 'released' });
}

/** The next sync, started by a person, asks and answers as if nothing had happened. */
async function succeeds(application: Application, stopped: string): Promise<void> {
  await application.syncNow();
  await application.copyStatus('WaitingForTrigger');
  await application.setTrigger('next-trigger');
  await application.report(await latestRun(application, stopped));
  expect(pvcOf(application)?.metadata.annotations).toMatchObject({ [A.latestCopyTrigger]: 'next-trigger' });
  expect(await application.temporaryObjects()).toEqual([]);
}
