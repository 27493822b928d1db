// Two versions of the worker side by side: a sync stays on the version that it began with, unless a person moves it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { OwnTemporal } from './own-temporal.ts';
import type { SyncHandle } from './own-temporal.ts';
import { anApplication } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
let temporal: OwnTemporal;
beforeEach(async () => {
  world = await openWorld();
  temporal = new OwnTemporal(world);
  await temporal.create();
});
afterEach(async () => {
  await temporal.close();
  await world.close();
});

describe('with two versions of the worker', () => {
  it('a sync ends on the version that it began with, and a new one begins on the current version', async () => {
    const [older, newer] = await Promise.all([anOptedIn(), anOptedIn()]);
    await temporal.startWorker({ STILLPOINT_BUILD_ID: 'v1' });
    await temporal.makeCurrent('v1');
    const first = await temporal.sync(older);
    await older.copyStatus('WaitingForTrigger');

    await temporal.startWorker({ STILLPOINT_BUILD_ID: 'v2' });
    await temporal.makeCurrent('v2');
    const second = await temporal.sync(newer);
    await newer.copyStatus('WaitingForTrigger');

    await temporal.trigger(older, first, 't1');
    await temporal.trigger(newer, second, 't1');
    await Promise.all([first.result(), second.result()]);
    expect(await versionsOf(first)).toEqual(['v1']);
    expect(await versionsOf(second)).toEqual(['v2']);
  });

  it('a waiting sync that a person moves ends on the other version, and the older one can go', async () => {
    const application = await anOptedIn();
    const stop = await temporal.startWorker({ STILLPOINT_BUILD_ID: 'v1' });
    await temporal.makeCurrent('v1');
    const sync = await temporal.sync(application);
    await application.copyStatus('WaitingForTrigger');

    await temporal.startWorker({ STILLPOINT_BUILD_ID: 'v2' });
    await temporal.makeCurrent('v2');
    await temporal.move(sync, 'v2');
    await stop();
    await temporal.trigger(application, sync, 't1');
    expect((await sync.result()).copy).toMatchObject({ trigger: 't1' });
    expect(await versionsOf(sync)).toEqual(['v1', 'v2']);
  });
});

function anOptedIn() {
  return anApplication(world, { [A.useCopyTrigger]: '' });
}

/** Build ids of the workers that have worked on this sync. */
async function versionsOf(sync: SyncHandle): Promise<readonly string[]> {
  const history = await sync.fetchHistory();
  const versions = (history.events ?? []).map(
    (event) => event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId ?? '',
  );
  return [...new Set(versions.filter((version) => version !== ''))];
}
