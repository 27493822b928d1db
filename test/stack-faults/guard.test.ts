// The guard alone: everything else of ours is dead, and Temporal, too. Whoever stands still is let go in time.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import { startService, stopService } from '../../tools/stack/faults.ts';
import { PATIENCE, aWaitingSync, answersOf } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { Application, World } from '../stack/world.ts';
import { killOurs, startBothAnew, startOurs } from './our-processes.ts';
import { stackName } from './scenario.ts';

const NEVER_CUTS = { volumeSnapshotClassName: 'dir-fail' };
const SHORT_FREEZE = { 'stillpoint.dev/freeze-bound': '8s' };
// From the deadline and its margin to the patch, on a machine that may be busy.
const PROMPTLY_MS = 5_000;
// The API server runs on this machine. The guard knows its clock from Date headers, which have whole seconds.
const CLOCK_ERROR_MS = 600;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('with Temporal, worker and controller dead, the guard', () => {
  beforeEach(async () => {
    // Two of them: many do no harm.
    await Promise.all(['guard-1', 'guard-2'].map((name) => startOurs('guard', name)));
  });
  afterEach(async () => {
    await Promise.all(['guard-1', 'guard-2'].map(killOurs));
    await startService(stackName(), 'temporal');
    await startBothAnew();
  });

  it('lets an application go that stands still, right after its release-by (row 8)', async () => {
    const { application } = await aWaitingSync(world, NEVER_CUTS, SHORT_FREEZE);
    const answers = answersOf(application);
    await application.setTrigger('t1');
    const frozen = await application.copyStatus('InProgress');
    await everythingElseDies();
    const failed = await application.copyStatus('Failed');
    const late = Date.now() - Date.parse(frozen[A.releaseBy] ?? '');
    expect(late).toBeGreaterThanOrEqual(MARGIN_MS - CLOCK_ERROR_MS);
    expect(late).toBeLessThan(MARGIN_MS + PROMPTLY_MS);
    expect(failed[A.latestCopyTrigger]).toBe('t1');
    expect(failed[A.latestCopyError]).toMatch(/^ReleasedByGuard: /);
    expect(failed).not.toHaveProperty(A.releaseBy);
    expect(answers).toHaveLength(1);
    await vi.waitUntil(async () => (await eventReasons(application)).length > 0, PATIENCE); // After the release.
    expect(await eventReasons(application)).toEqual(['ReleasedByGuard']);
  });

  it('tells an application whose trigger nobody accepts that it may resume, at the end of its promise (row 10)', async () => {
    const { application } = await aWaitingSync(world);
    await everythingElseDies();
    const until = Math.ceil(Date.now() / 1_000) * 1_000 + 4_000;
    await world.cluster.pvcs.patch(application.pvc, {
      metadata: {
        annotations: { [A.copyTrigger]: 't1', [A.triggerValidUntil]: new Date(until).toISOString() },
      },
    });
    const failed = await application.copyStatus('Failed');
    expect(Date.now() - until).toBeGreaterThanOrEqual(MARGIN_MS - CLOCK_ERROR_MS);
    expect(failed[A.latestCopyTrigger]).toBe('t1');
    expect(failed[A.latestCopyError]).toMatch(/^TriggerExpired: /);
    expect(failed).not.toHaveProperty(A.waitingSince);
  });

  it('and what comes back afterwards begins anew, and answers the next trigger', async () => {
    const { application, run } = await aWaitingSync(world, NEVER_CUTS, SHORT_FREEZE);
    await application.setTrigger('t1');
    await application.copyStatus('InProgress');
    await everythingElseDies();
    await application.copyStatus('Failed');
    await startService(stackName(), 'temporal');
    await startBothAnew();
    await expect(application.report(run)).rejects.toThrow();
    await world.cluster.sources.patch(application.source, {
      spec: { restic: { volumeSnapshotClassName: 'dir' } },
    });
    await application.setTrigger('t2');
    const completed = await application.copyStatus('Completed');
    expect(completed[A.latestCopyTrigger]).toBe('t2');
  });
});

async function everythingElseDies(): Promise<void> {
  await stopService(stackName(), 'temporal');
  await Promise.all([killOurs('worker'), killOurs('controller')]);
}

/** Reasons of the events on the pvc that are ours. */
async function eventReasons(application: Application): Promise<readonly string[]> {
  const selector = `involvedObject.kind=PersistentVolumeClaim,involvedObject.name=${application.pvc.name}`;
  const listed = await application.kubectl('get', 'events', `--field-selector=${selector}`, '--output=json');
  const { items } = JSON.parse(listed) as {
    readonly items: readonly { readonly reason: string; readonly reportingComponent?: string }[];
  };
  return items
    .filter(({ reportingComponent = '' }) => reportingComponent.startsWith('stillpoint'))
    .map(({ reason }) => reason);
}
