// Storage classes that make a volume only when a pod asks for it (WaitForFirstConsumer).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { Application, openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent.each(['Snapshot', 'Clone'] as const)(
  'a volume that binds late, copied by %s',
  (copyMethod) => {
    it('is copied inside the freeze and moved', async () => {
      const application = new Application(world);
      await application.install({ [A.useCopyTrigger]: '' }, 'dir-wait');
      await application.shell('echo before-the-trigger > /data/records; sync');
      await application.replicate({ copyMethod });
      await application.copyStatus('WaitingForTrigger');
      await application.setTrigger('trigger-1');
      await application.copyStatus('Completed');
      const report = await application.report(await application.latestRun());
      expect(await application.restored(report.moved.snapshotId ?? '')).toBe('before-the-trigger\n');
      expect(await application.temporaryObjects()).toEqual([]);
      await application.remove();
    });
  },
);
