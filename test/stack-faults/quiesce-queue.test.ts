// Temporal dies while an application stands still on the word of its owner's worker: that worker lets it go by itself.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { startService, stopService } from '../../tools/stack/faults.ts';
import { OwnersWorker, QuietFolder, anApplicationOnAQueue } from '../stack/quiesce-worker.ts';
import { PATIENCE, createSource, latestRun, reasonOfFailure } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { stackName } from './scenario.ts';

const NEVER_CUTS = { volumeSnapshotClassName: 'dir-fail' };
const SHORT = { 'stillpoint.dev/freeze-bound': '20s' };
// From its deadline to the end of its command, on a machine that may be busy.
const PROMPTLY_MS = 10_000;

let world: World;
let folder: QuietFolder;
let worker: OwnersWorker | undefined;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await startService(stackName(), 'temporal');
  await worker?.stop();
  folder.remove();
});
afterAll(() => world.close());

describe('with Temporal dead in mid-freeze', () => {
  it.each(['typescript', 'python'] as const)(
    'the example worker in %s lets its application go at releaseBy, by itself',
    async (language) => {
      const { application, taskQueue } = await anApplicationOnAQueue(world);
      folder = new QuietFolder();
      worker = await OwnersWorker.start(language, { taskQueue }, folder);
      await createSource(application, { restic: NEVER_CUTS, annotations: SHORT });
      const frozen = await application.copyStatus('InProgress');
      const run = await latestRun(application);
      expect(folder.standsStill).toBe(true);
      await stopService(stackName(), 'temporal');
      await vi.waitUntil(() => !folder.standsStill, PATIENCE);
      const late = world.cluster.now() - Date.parse(frozen[A.releaseBy] ?? '');
      // Never while a cut would still count, and not long after.
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(PROMPTLY_MS);
      expect(folder.calls).toEqual(['unquiesce', 'quiesce', 'unquiesce']);
      await startService(stackName(), 'temporal');
      expect(await reasonOfFailure(application, run)).toBe('FreezeBoundExceeded');
      expect((await application.copyStatus('Failed'))[A.latestCopyError]).toMatch(/^FreezeBoundExceeded: /);
    },
  );
});
