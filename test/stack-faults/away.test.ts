// What a sync needs is away for longer than its application may stand still.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import { startService, stopService } from '../../tools/stack/faults.ts';
import { aWaitingSync, annotate, answersOf, PATIENCE, windowIn } from '../stack/window-scenario.ts';
import type { Answer } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { Application, World } from '../stack/world.ts';
import { killOurs, startOurs } from './our-processes.ts';
import { stackName } from './scenario.ts';

const BOUND_MS = 10_000;
const SHORT_FREEZE = { 'stillpoint.dev/freeze-bound': '10s' };
const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };
const NEVER_CUTS = { volumeSnapshotClassName: 'dir-fail' };
// From the deadline and its margin to the patch, on a machine that may be busy.
const PROMPTLY_MS = 8_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => void (await startOurs('guard')));
afterEach(() => killOurs('guard'));

describe('away for longer than the freeze may last', () => {
  it('Temporal, while the application stands still: it is released by its deadline, and the next sync ends well', async () => {
    const { application } = await aWaitingSync(world, NEVER_CUTS, SHORT_FREEZE);
    const answers = answersOf(application);
    await application.setTrigger('t1');
    const frozen = await application.copyStatus('InProgress');
    await stopService(stackName(), 'temporal');
    try {
      await application.copyStatus('Failed');
      const late = Date.now() - Date.parse(frozen[A.releaseBy] ?? '');
      expect(late).toBeLessThan(MARGIN_MS + PROMPTLY_MS);
    } finally {
      await startService(stackName(), 'temporal');
    }
    await mends(application, answers);
  });

  it('Temporal, while a sync waits: a trigger that nobody accepts in its time is given back (row 10)', async () => {
    const { application } = await aWaitingSync(world, SLOW_CUT);
    const answers = answersOf(application);
    await stopService(stackName(), 'temporal');
    try {
      const validUntil = new Date(Date.now() + BOUND_MS).toISOString();
      await annotate(application, { [A.copyTrigger]: 't1', [A.triggerValidUntil]: validUntil });
      const failed = await application.copyStatus('Failed');
      expect(failed[A.latestCopyError]).toMatch(/^TriggerExpired: /);
    } finally {
      await startService(stackName(), 'temporal');
    }
    await mends(application, answers);
  });

  it('the API server, while the application stands still: what was cut too late for its owner is never Completed', async () => {
    const { application } = await aWaitingSync(world, SLOW_CUT, SHORT_FREEZE);
    const answers = answersOf(application);
    await application.setTrigger('t1');
    const frozen = await application.copyStatus('InProgress');
    await stopService(stackName(), 'kube-apiserver');
    try {
      // Whoever has read release-by lets go by itself.
      await sleep(Date.parse(frozen[A.releaseBy] ?? '') - Date.now());
    } finally {
      await startService(stackName(), 'kube-apiserver');
    }
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyTrigger]).toBe('t1');
    expect(failed).not.toHaveProperty(A.releaseBy);
    await mends(application, answers);
  });
});

/** Each trigger has one answer; the next sync asks anew, and ends well. */
async function mends(application: Application, answers: readonly Answer[]): Promise<void> {
  await persist(() =>
    world.cluster.sources.patch(application.source, {
      spec: { trigger: { manual: 'again', schedule: null }, restic: { volumeSnapshotClassName: 'dir' } },
    }),
  );
  const failed = answers.at(-1)?.window;
  await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.id !== failed);
  // The promise of the first trigger has ended.
  await persist(() => annotate(application, { [A.copyTrigger]: 't2', [A.triggerValidUntil]: null }));
  await application.sourceStatus(({ lastManualSync }) => lastManualSync === 'again');
  expect(answers.map(({ status, trigger }) => [status, trigger])).toEqual([
    ['Failed', 't1'],
    ['Completed', 't2'],
  ]);
}

// What has just been started anew may not answer yet.
async function persist(action: () => Promise<unknown>): Promise<void> {
  await vi.waitFor(action, PATIENCE);
}
