// What a destination leaves when its owner wants it to clean up behind itself (cleanupTempPVC).
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import {
  aBackup,
  answered,
  complaint,
  createDestination,
  DYNAMIC,
  snapshotsIn,
} from './destination-scenario.ts';
import { setSecret } from './mover-scenario.ts';
import { PATIENCE } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const RECEIVED = 'volsync-test-rd-dest';

describe.concurrent('a destination with cleanupTempPVC', () => {
  it('keeps what it has received while its syncs fail, and removes it once one has ended well', async () => {
    const application = await aBackup(world);
    const received = uidsOf(application, RECEIVED);
    await setSecret(application, { RESTIC_PASSWORD: 'another password' });
    await createDestination(application, { restic: { ...DYNAMIC, cleanupTempPVC: true } });
    expect(await complaint(application)).toContain('the password is wrong');
    await vi.waitUntil(() => received.size === 1, PATIENCE);
    const standing = await receivedPvc(application);
    expect(standing?.metadata).not.toHaveProperty('deletionTimestamp');
    expect(standing?.metadata.labels).not.toHaveProperty(['volsync.backube/cleanup']);

    await setSecret(application, { RESTIC_PASSWORD: 'a password of this test' });
    const { latestImage } = await answered(application, 'first');
    expect(await receivedPvc(application)).toBeUndefined();
    expect(await snapshotsIn(application)).toEqual([latestImage?.name]);
    expect([...received]).toEqual([standing?.metadata.uid]);
    await application.remove();
  });
});

async function receivedPvc({ namespace }: Application): Promise<PersistentVolumeClaim | undefined> {
  return world.cluster.pvcs.get({ namespace, name: RECEIVED });
}

/** Uids of the PVCs that stand under this name, from now on. */
function uidsOf({ namespace }: Application, name: string): ReadonlySet<string> {
  const uids = new Set<string>();
  world.cluster.pvcs.watch().subscribe((ref, pvc) => {
    if (ref.namespace === namespace && ref.name === name && pvc?.metadata.uid !== undefined)
      uids.add(pvc.metadata.uid);
  });
  return uids;
}
