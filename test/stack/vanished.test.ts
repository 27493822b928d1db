// What is deleted, or created anew under the same name, while a sync runs: rows 1, 7 and 9 of the table in
// docs/protocol.md. Nobody stays asked or frozen (CT-8, CT-9), and nothing is taken for what has only the same name.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import {
  aWaitingSync,
  anApplication,
  annotate,
  answersOf,
  asks,
  bound,
  createPvc,
  createSource,
  latestRun,
  nothingStays,
  PATIENCE,
  pvcOf,
  reasonOfFailure,
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

const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };
const NEVER_READY = { volumeSnapshotClassName: 'dir-slow-ready' };

describe.concurrent('the source is deleted', () => {
  it('in mid-wait: the application is asked no longer (row 9, CT-9)', async () => {
    const { application, run } = await aWaitingSync(world);
    await world.cluster.sources.delete(application.source);
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^(Cancelled|SourceGone): /);
    expect(failed).not.toHaveProperty(A.waitingSince);
    await expect(application.report(run)).rejects.toThrow();
    await nothingStays(application);
    await application.remove();
  });

  it('while frozen: the application is released with its trigger used up (row 7, CT-9)', async () => {
    const { application, run } = await aWaitingSync(world, SLOW_CUT);
    await application.setTrigger('frozen');
    await application.copyStatus('InProgress');
    await world.cluster.sources.delete(application.source);
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyTrigger]).toBe('frozen');
    expect(failed).not.toHaveProperty(A.releaseBy);
    await expect(application.report(run)).rejects.toThrow();
    await nothingStays(application);
    await application.remove();
  });

  it('after the release: the copy goes, and what was answered stays answered', async () => {
    const { application, run } = await aWaitingSync(world, NEVER_READY);
    await application.setTrigger('released');
    await application.copyStatus('Completed');
    await world.cluster.sources.delete(application.source);
    await expect(application.report(run)).rejects.toThrow();
    await nothingStays(application);
    expect(pvcOf(application)?.metadata.annotations).toMatchObject({ [A.latestCopyStatus]: 'Completed' });
    await application.remove();
  });
});

describe.concurrent('the source is deleted and created anew under the same name', () => {
  it('in mid-wait: the old sync leaves, and the application is asked by the new source’s alone (row 9, then 1 or 3)', async () => {
    const { application, run } = await aWaitingSync(world);
    const answers = answersOf(application);
    await recreateSource(application);
    await expect(application.report(run)).rejects.toThrow();
    const anew = await latestRun(application, run);
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.join() === anew);
    await application.setTrigger('for-the-new-one');
    expect((await application.report(anew)).copy).toMatchObject({ trigger: 'for-the-new-one' });
    // Whether the new one joined before the old one had left is a matter of milliseconds.
    expect(answers.filter(({ status }) => status === 'Completed')).toMatchObject([
      { trigger: 'for-the-new-one' },
    ]);
    await nothingStays(application);
    await application.remove();
  });

  it('while frozen: the trigger is used up by the old sync, the new source asks for another (rows 7 and 1)', async () => {
    const { application, run } = await aWaitingSync(world, SLOW_CUT);
    const answers = answersOf(application);
    await application.setTrigger('frozen');
    await application.copyStatus('InProgress');
    await recreateSource(application);
    await application.copyStatus('WaitingForTrigger', (now) => now[A.latestCopyTrigger] === 'frozen');
    await application.setTrigger('for-the-new-one');
    await application.report(await latestRun(application, run));
    expect(answers).toMatchObject([
      { status: 'Failed', trigger: 'frozen' },
      { status: 'Completed', trigger: 'for-the-new-one' },
    ]);
    await nothingStays(application);
    await application.remove();
  });

  it('while the mover is pending: the old Job goes, the new source moves a copy of its own', async () => {
    const { application, run } = await aSyncWithoutAccount();
    await application.setTrigger('for-the-old-one');
    const old = await jobOf(application);
    await recreateSource(application);
    await application.copyStatus('WaitingForTrigger');
    await application.setTrigger('for-the-new-one');
    const anew = await latestRun(application, run);
    expect(await jobOf(application, old)).not.toBe(old);
    expect((await application.report(anew)).copy).toMatchObject({ trigger: 'for-the-new-one' });
    const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(status.lastCopy?.trigger).toBe('for-the-new-one');
    await nothingStays(application);
    await application.remove();
  });
});

describe.concurrent('the pvc is deleted', () => {
  it('in mid-wait: the sync ends and says so', async () => {
    const { application, run } = await aWaitingSync(world);
    await world.cluster.pvcs.delete(application.pvc);
    expect(await reasonOfFailure(application, run)).toBe('PvcMissing');
    const status = await application.sourceStatus(({ conditions }) => conditions?.[0]?.reason === 'Error');
    expect(status.conditions?.[0]?.message).toContain(`${application.namespace}/data-pvc`);
    await nothingStays(application);
    await application.remove();
  });

  it('while frozen: it stays as long as the application runs, and the trigger is answered (row 6)', async () => {
    const application = new Application(world);
    await application.install({ [A.useCopyTrigger]: '' });
    await application.replicate({ copyMethod: 'Snapshot', ...SLOW_CUT });
    await application.copyStatus('WaitingForTrigger');
    await application.setTrigger('frozen');
    await application.copyStatus('InProgress');
    await snapshotOf(application, ({ status }) => status?.boundVolumeSnapshotContentName !== undefined);
    await world.cluster.pvcs.delete(application.pvc);
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('frozen');
    expect((await application.report(await latestRun(application))).copy).toMatchObject({
      trigger: 'frozen',
    });
    await nothingStays(application);
    await application.remove();
  });

  it('while frozen, by force: the sync ends within the freeze bound, and the half-made copy is dropped (row 7)', async () => {
    const bound = { 'stillpoint.dev/freeze-bound': '10s' };
    const { application, run } = await aWaitingSync(world, { volumeSnapshotClassName: 'dir-fail' }, bound);
    await application.setTrigger('frozen');
    await application.copyStatus('InProgress');
    await world.cluster.pvcs.delete(application.pvc);
    const finalizers = `--patch=${JSON.stringify({ metadata: { finalizers: null } })}`;
    await application.kubectl('patch', 'pvc/data-pvc', '--type=merge', finalizers).catch(() => undefined);
    await gone(application);
    expect(await reasonOfFailure(application, run)).toMatch(/^(PvcMissing|FreezeBoundExceeded)$/);
    await nothingStays(application);
    await application.remove();
  });

  it('after the cut, before the copy can be read: the copy is moved all the same', async () => {
    const { application, run } = await aWaitingSync(world, NEVER_READY);
    await application.setTrigger('released');
    await application.copyStatus('Completed');
    await world.cluster.pvcs.delete(application.pvc);
    const finalizers = `--patch=${JSON.stringify({ metadata: { finalizers: null } })}`;
    await application.kubectl('patch', 'pvc/data-pvc', '--type=merge', finalizers).catch(() => undefined);
    await gone(application);
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'released' });
    await nothingStays(application);
    await application.remove();
  });

  it('while the copy is moved: the copy is moved to the end', async () => {
    const { application, run } = await aSyncWithoutAccount();
    await application.setTrigger('released');
    await jobOf(application);
    await world.cluster.pvcs.delete(application.pvc);
    await gone(application);
    // Until now the Job could not make its pod.
    await application.kubectl('create', 'serviceaccount', 'carrier');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'released' });
    const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(status.latestMoverStatus?.result).toBe('Successful');
    await nothingStays(application);
    await application.remove();
  });
});

describe.concurrent('the pvc is deleted and created anew under the same name', () => {
  it('in mid-wait, with its annotations: it is asked anew, never taken for the old one (row 1)', async () => {
    const { application, run } = await aWaitingSync(world);
    const left = pvcOf(application)?.metadata.annotations ?? {};
    const ours = Object.entries(left).filter(([key]) => /volsync|stillpoint/.test(key));
    await world.cluster.pvcs.delete(application.pvc);
    await gone(application);
    await createPvc(application, Object.fromEntries(ours));
    await bound(application);
    // The sync of the old pvc has begun anew with this one, or another one has.
    const asked = await application.copyStatus(
      'WaitingForTrigger',
      (now) => windowIn(now)?.pvc === pvcOf(application)?.metadata.uid,
    );
    expect(windowIn(asked)?.id).not.toBe(windowIn(left)?.id);
    await annotate(application, { [A.copyTrigger]: 'new' });
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('new');
    expect(windowIn(completed)?.pvc).toBe(pvcOf(application)?.metadata.uid);
    await application.report(windowIn(completed)?.runs[0] ?? run);
    await nothingStays(application);
    await application.remove();
  });
});

/** A sync that waits, and whose mover's account has gone since it was checked: its Job makes no pod. */
async function aSyncWithoutAccount(): Promise<{ application: Application; run: string }> {
  const application = await anApplication(world, { [A.useCopyTrigger]: '' });
  await application.kubectl('create', 'serviceaccount', 'carrier');
  const waiting = await asks(application, { moverServiceAccount: 'carrier' });
  await application.kubectl('delete', 'serviceaccount', 'carrier');
  return waiting;
}

async function recreateSource(application: Application): Promise<void> {
  await world.cluster.sources.delete(application.source);
  await createSource(application);
}

/** The uid of the mover's Job; of another one than `but`. */
async function jobOf({ namespace }: Application, but?: string): Promise<string> {
  const watch = world.cluster.jobs.watch();
  const look = () =>
    watch
      .list(namespace)
      .map(({ metadata }) => metadata.uid)
      .find((uid) => uid !== but);
  return until([watch], look, AbortSignal.timeout(PATIENCE.timeout));
}

async function gone(application: Application): Promise<void> {
  const watch = world.cluster.pvcs.watch();
  const look = () => (pvcOf(application) === undefined ? true : undefined);
  await until([watch], look, AbortSignal.timeout(PATIENCE.timeout));
}
