// A sync that a person terminates runs nothing at its end: the controller does that for it. What is seen in each phase
// is stopped.test.ts's; this is what comes even later.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { runAnnotations, runLabels } from '../../domain/names.ts';
import { aWaitingSync, nothingStays, PATIENCE } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe.concurrent('a sync that a person terminates', () => {
  it('and whose worker still makes something afterwards: that goes, too', async () => {
    const { application, run } = await aWaitingSync(world);
    await world.temporal.workflow.getHandle(run).terminate('a test');
    await application.copyStatus('Failed');
    const { metadata } = (await world.cluster.sources.get(application.source)) ?? {};
    const late = { namespace: application.namespace, name: 'late-copy' };
    const appeared = world.cluster.pvcs
      .watch()
      .waitFor(late, (pvc) => pvc && true, AbortSignal.timeout(PATIENCE.timeout));
    await world.cluster.pvcs.create({
      metadata: {
        ...late,
        labels: runLabels({ uid: metadata?.uid ?? '' }, run),
        annotations: runAnnotations(run),
      },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await appeared;
    await nothingStays(application);
    await application.remove();
  });
});
