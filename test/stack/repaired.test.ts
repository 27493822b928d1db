// What was refused before the application was asked starts the next sync by itself once it is mended: nobody has to
// tell us (CT-2, SM-10). The back-off of such a start begins with half a minute.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { anApplication, createSecret, createSource, edit, pvcOf } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const OPTED_IN = { [A.useCopyTrigger]: '' };

describe.concurrent('a sync that was refused starts again by itself, and asks, once', () => {
  it('the Secret is created', async () => {
    const application = await anApplication(world, OPTED_IN);
    await deleteSecret(application);
    await createSource(application);
    await refused(application);
    await createSecret(application);
    await application.copyStatus('WaitingForTrigger');
    await application.remove();
  });

  it('the Secret of a source that was synchronised before is created again', async () => {
    const application = await anApplication(world, {});
    await createSource(application);
    await application.sourceStatus(({ lastSyncTime }) => lastSyncTime !== undefined);
    await deleteSecret(application);
    await application.syncNow();
    await refused(application);
    await createSecret(application);
    await application.sourceStatus(({ conditions }) => conditions?.[0]?.reason === 'WaitingForSchedule');
    await application.remove();
  });

  it('the Secret of a manual source is created', async () => {
    const application = await anApplication(world, OPTED_IN);
    await deleteSecret(application);
    await createSource(application, { spec: { trigger: { manual: 'tag-1' } } });
    await refused(application);
    await createSecret(application);
    await application.copyStatus('WaitingForTrigger');
    await application.remove();
  });

  it('the class is created', async () => {
    const application = await anApplication(world, OPTED_IN);
    const name = `late-${application.namespace}`;
    await createSource(application, { restic: { volumeSnapshotClassName: name } });
    await refused(application);
    const { volumeSnapshotClasses } = world.cluster;
    const dir = await volumeSnapshotClasses.get({ namespace: '', name: 'dir' });
    if (dir === undefined) throw new Error('the stack has lost its snapshot class dir');
    await volumeSnapshotClasses.create({ ...dir, metadata: { name } });
    await application.copyStatus('WaitingForTrigger');
    await volumeSnapshotClasses.delete({ namespace: '', name });
    await application.remove();
  });

  it('the source is edited', async () => {
    const application = await anApplication(world, OPTED_IN);
    await createSource(application, { restic: { volumeSnapshotClassName: 'absent' } });
    await refused(application);
    await edit(application, { restic: { volumeSnapshotClassName: null } });
    await application.copyStatus('WaitingForTrigger');
    await application.remove();
  });

  it('its times can be read', async () => {
    const application = await anApplication(world, OPTED_IN);
    await createSource(application, { spec: { trigger: { schedule: '0 0 31 2 *' } } });
    await refused(application);
    await edit(application, { trigger: { schedule: '0 0 29 2 *' } });
    await application.copyStatus('WaitingForTrigger');
    await application.remove();
  });
});

/** Resolves when a sync was refused; nobody was asked for it. */
async function refused(application: Application): Promise<void> {
  await application.sourceStatus(({ conditions }) => conditions?.[0]?.reason === 'Error');
  expect(pvcOf(application)?.metadata.annotations ?? {}).not.toHaveProperty(A.latestCopyStatus);
}

async function deleteSecret({ namespace }: Application): Promise<void> {
  await world.cluster.secrets.delete({ namespace, name: 'restic-secret' });
}
