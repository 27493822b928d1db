// Quiescing through Temporal: the pvc names a task queue, and its owner's worker is called there
// (docs/quiesce-through-temporal.md).
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { OwnersWorker, QuietFolder, anApplicationOnAQueue } from './quiesce-worker.ts';
import type { Language } from './quiesce-worker.ts';
import {
  PATIENCE,
  annotate,
  anotherSource,
  answersOf,
  asks,
  createSource,
  latestRun,
  nothingStays,
  reasonOfFailure,
  windowIn,
} from './window-scenario.ts';
import { openWorld, statusesOf } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});
afterAll(() => world.close());

// Half of it is for quiescing, and a worker has to come within a quarter.
const SHORT = { 'stillpoint.dev/freeze-bound': '12s' };

describe('an application whose pvc names a task queue', () => {
  it.each(['typescript', 'python'] as const)(
    'is quiesced by its own worker in %s, copied, and unquiesced before the data moves (rows 1, 5 and 6)',
    async (language) => {
      const { application, taskQueue, folder } = await servedBy(language);
      const statuses = statusesOf(application);
      const answers = answersOf(application);
      await createSource(application);
      const run = await latestRun(application);
      const { copy } = await application.report(run);
      expect(copy).toMatchObject({ by: taskQueue, consistency: 'triggered' });
      expect(copy).not.toHaveProperty('trigger');
      expect(copy.freezeMs).toBeGreaterThan(0);
      expect(folder.calls).toEqual(['unquiesce', 'quiesce', 'unquiesce']);
      expect(folder.standsStill).toBe(false);
      expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed']);
      expect(answers).toMatchObject([{ status: 'Completed', trigger: undefined }]);
      expect(await stepsOf(run)).toEqual([
        'beginSync',
        'quiesce',
        'takeCopy',
        'unquiesce',
        'moveCopy',
        'closeSync',
      ]);
      const { lastCopy } = await application.sourceStatus((status) => status.lastCopy !== undefined);
      expect(lastCopy).toMatchObject({ by: taskQueue, consistency: 'triggered' });
      await nothingStays(application);
    },
  );

  it('stands still no longer than its worker was told, and the pvc says the same (row 5)', async () => {
    const { application } = await servedBy('typescript');
    await createSource(application, { restic: SLOW_CUT, annotations: SHORT });
    const frozen = await application.copyStatus('InProgress');
    const input = await inputOf(await latestRun(application), 'quiesce');
    expect(input).toMatchObject({
      window: windowIn(frozen)?.id,
      pvc: application.pvc,
      source: application.source,
      freezeBoundMs: 12_000,
    });
    expect(Date.parse(frozen[A.releaseBy] ?? '')).toBeLessThanOrEqual(Date.parse(String(input['releaseBy'])));
    await application.copyStatus('Completed');
  });

  it('is called again when quiescing fails, within the bound, and copied once it has stood still', async () => {
    const { application, folder } = await servedBy('typescript');
    folder.breaks('fails');
    await createSource(application);
    await vi.waitUntil(() => folder.calls.filter((call) => call === 'quiesce').length >= 2, PATIENCE);
    folder.breaks('fails', false);
    await application.copyStatus('Completed');
    await application.report(await latestRun(application));
    expect(folder.calls.at(-1)).toBe('unquiesce');
    expect(folder.standsStill).toBe(false);
  });

  it('is told Failed when quiescing fails for too long, and its worker is told to unquiesce all the same (row 9)', async () => {
    const { application, folder, taskQueue } = await servedBy('typescript');
    folder.breaks('fails');
    await createSource(application, { annotations: SHORT });
    const run = await latestRun(application);
    expect(await reasonOfFailure(application, run)).toBe('QuiesceFailed');
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^QuiesceFailed: /);
    expect(failed[A.latestCopyError]).toContain(taskQueue);
    expect(failed[A.latestCopyError]).toMatch(/QUIESCE_COMMAND ended with code 1$/); // And does not cite it.
    expect(failed).not.toHaveProperty(A.latestCopyTrigger);
    expect(folder.calls.at(-1)).toBe('unquiesce');
    expect(folder.standsStill).toBe(false);
    await nothingStays(application);
  });

  it('is unquiesced when its sync is cancelled while it is being quiesced (row 9)', async () => {
    const { application, folder } = await servedBy('typescript');
    folder.breaks('hangs');
    await createSource(application, { annotations: { 'stillpoint.dev/freeze-bound': '60s' } });
    await vi.waitUntil(() => folder.standsStill, PATIENCE);
    const run = await latestRun(application);
    await world.temporal.workflow.getHandle(run).cancel();
    expect((await application.copyStatus('Failed'))[A.latestCopyError]).toMatch(/^Cancelled: /);
    folder.breaks('hangs', false);
    await expect(application.report(run)).rejects.toThrow();
    expect(folder.calls).toEqual(['unquiesce', 'quiesce', 'unquiesce']);
    expect(folder.standsStill).toBe(false);
  });

  it('is unquiesced when the storage does not cut before the bound (row 7)', async () => {
    const { application, folder } = await servedBy('typescript');
    await createSource(application, { restic: NEVER_CUTS, annotations: SHORT });
    const run = await latestRun(application);
    expect(await reasonOfFailure(application, run)).toBe('FreezeBoundExceeded');
    expect(folder.calls).toEqual(['unquiesce', 'quiesce', 'unquiesce']);
    expect(folder.standsStill).toBe(false);
    const { description } = await detailsOf(application, run);
    expect(description).toMatch(/frozen for/);
  });

  it('lets go by itself at releaseBy when its sync is terminated, which nobody tells it', async () => {
    const { application, folder } = await servedBy('typescript');
    await createSource(application, { restic: NEVER_CUTS, annotations: SHORT });
    await application.copyStatus('InProgress');
    expect(folder.standsStill).toBe(true);
    await world.temporal.workflow.getHandle(await latestRun(application)).terminate();
    expect((await application.copyStatus('Failed'))[A.latestCopyError]).toMatch(/^SyncEnded: /);
    await vi.waitUntil(() => !folder.standsStill, PATIENCE);
  });

  it('is waited for when no worker comes: overdue is said, and the copy is taken once one does', async () => {
    const { application, taskQueue } = await anApplicationOnAQueue(world);
    const soon = { ...SHORT, 'stillpoint.dev/overdue-after': '1s' };
    const { run } = await asks(application, {}, soon);
    await application.sourceStatus(({ latestMoverStatus }) => latestMoverStatus?.result === 'Failed');
    await vi.waitUntil(
      async () => (await stepsOf(run)).filter((step) => step === 'quiesce').length >= 2,
      PATIENCE,
    );
    expect(await application.copyStatus('WaitingForTrigger')).toHaveProperty(A.waitingSince);
    const folder = await served(taskQueue, 'typescript');
    const { copy } = await application.report(run);
    expect(copy).toMatchObject({ by: taskQueue, consistency: 'triggered' });
    expect(folder.standsStill).toBe(false);
    const status = await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    expect(status.latestMoverStatus?.result).toBe('Successful');
  });

  it('may still be triggered by hand when no worker comes (row 4)', async () => {
    const { application } = await anApplicationOnAQueue(world);
    const { run } = await asks(application, {}, SHORT);
    await application.setTrigger('by hand');
    expect((await application.report(run)).copy).toMatchObject({ trigger: 'by hand' });
    expect(await application.copyStatus('Completed')).toHaveProperty(A.latestCopyTrigger, 'by hand');
  });

  it('stands still once for two sources: both copies are cut in one freeze (rows 3, 5 and 6)', async () => {
    const { application, taskQueue } = await anApplicationOnAQueue(world);
    const answers = answersOf(application);
    const { run } = await asks(application, {}, {});
    const other = await anotherSource(application);
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 2);
    const otherRun = await latestRun({ world, source: other });
    const folder = await served(taskQueue, 'typescript');
    const reports = await Promise.all([application.report(run), application.report(otherRun)]);
    expect(reports).toMatchObject([{ copy: { by: taskQueue } }, { copy: { by: taskQueue } }]);
    expect(answers).toMatchObject([{ status: 'Completed', trigger: undefined }]);
    expect(folder.standsStill).toBe(false);
    expect(folder.calls.at(-1)).toBe('unquiesce');
  });

  it('stands still on for the other one when one of two sources is cancelled in the freeze, and goes on after both (row 7)', async () => {
    const { application, taskQueue } = await anApplicationOnAQueue(world);
    const long = { 'stillpoint.dev/freeze-bound': '120s' };
    const { run } = await asks(application, NEVER_CUTS, long);
    const other = await anotherSource(application);
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 2);
    const otherRun = await latestRun({ world, source: other });
    const folder = await served(taskQueue, 'typescript');
    await application.copyStatus('InProgress');
    await world.temporal.workflow.getHandle(otherRun).cancel();
    await expect(application.report(otherRun)).rejects.toThrow();
    expect(windowIn(await application.copyStatus('InProgress'))?.runs).toEqual([run]);
    expect(folder.standsStill).toBe(true);
    await world.temporal.workflow.getHandle(run).cancel();
    await expect(application.report(run)).rejects.toThrow();
    expect(folder.standsStill).toBe(false);
    await nothingStays(application);
  });
});

describe('a task queue that is not the application’s own', () => {
  it.each([
    ['of another namespace', () => 'quiesce/kube-system/orders'],
    ['without a name', (namespace: string) => `quiesce/${namespace}/`],
    ['of ours', () => 'stillpoint'],
  ])('%s is refused before the application is asked, in a sentence that names it', async (_, name) => {
    const { application, taskQueue } = await anApplicationOnAQueue(world, name);
    await createSource(application);
    expect(await reasonOfFailure(application, await latestRun(application))).toBe('QuiesceQueueInvalid');
    const { conditions } = await application.sourceStatus(
      (status) => status.conditions?.[0]?.reason === 'Error',
    );
    expect(conditions?.[0]?.message).toContain(`"${taskQueue}"`);
    expect(conditions?.[0]?.message).toContain(`quiesce/${application.namespace}/`);
    const pvc = await world.cluster.pvcs.get(application.pvc);
    expect(pvc?.metadata.annotations).not.toHaveProperty(A.latestCopyStatus);
    await annotate(application, { [A.quiesceTaskQueue]: null });
  });
});

const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };
const NEVER_CUTS = { volumeSnapshotClassName: 'dir-fail' };

async function servedBy(language: Language) {
  const { application, taskQueue } = await anApplicationOnAQueue(world);
  return { application, taskQueue, folder: await served(taskQueue, language) };
}

/** A worker on this queue, until the end of the test. */
async function served(taskQueue: string, language: Language): Promise<QuietFolder> {
  const folder = new QuietFolder();
  const worker = await OwnersWorker.start(language, { taskQueue }, folder);
  ends.push(async () => {
    await worker.stop();
    folder.remove();
  });
  return folder;
}

/** The activities that were scheduled, in order. */
async function stepsOf(run: string): Promise<readonly string[]> {
  const { events } = await world.temporal.workflow.getHandle(run).fetchHistory();
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name ?? [],
  );
}

async function inputOf(run: string, step: string): Promise<Readonly<Record<string, unknown>>> {
  const { events } = await world.temporal.workflow.getHandle(run).fetchHistory();
  const scheduled = (events ?? [])
    .map(({ activityTaskScheduledEventAttributes: of }) => of)
    .find((of) => of?.activityType?.name === step);
  const [payload] = scheduled?.input?.payloads ?? [];
  return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as Readonly<Record<string, unknown>>;
}

async function detailsOf(application: Application, run: string): Promise<{ readonly description: string }> {
  const asked = ['workflow', 'metadata', '--workflow-id', run, '--output', 'json'];
  return { description: await application.temporalCli(...asked) };
}
