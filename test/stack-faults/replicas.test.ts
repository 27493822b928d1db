// Two controllers and three workers at once: nobody leads, and nothing is done twice.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { sourceScheduleId } from '../../domain/messages.ts';
import { PATIENCE, anApplication, anotherSource, answersOf, asks } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { Application, World } from '../stack/world.ts';
import { killOurs, startOurs } from './our-processes.ts';

const MORE = [
  { program: 'worker', name: 'worker-2' },
  { program: 'worker', name: 'worker-3' },
  { program: 'controller', name: 'controller-2' },
] as const;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await Promise.all(MORE.map(({ program, name }) => startOurs(program, name)));
});
afterAll(async () => {
  await Promise.all(MORE.map(({ name }) => killOurs(name)));
  await world.close();
});

describe.concurrent('two controllers and three workers at once', () => {
  it.each(['a', 'b', 'c'])('answer each of three triggers in a row once, of application %s', async () => {
    const { application, run } = await asks(await anApplication(world, { [A.useCopyTrigger]: '' }));
    const answers = answersOf(application);
    await application.setTrigger('t1');
    await application.report(run);
    for (const trigger of ['t2', 't3']) {
      await application.syncNow();
      await application.copyStatus('WaitingForTrigger');
      await application.setTrigger(trigger);
      await completed(application, trigger);
      await vi.waitUntil(() => everyRunEnded(application.source), PATIENCE);
    }
    expect(answers.map(({ trigger }) => trigger)).toEqual(['t1', 't2', 't3']);
    expect(await runsOf(application.source)).toHaveLength(3);
  });

  it('let two sources of one pvc share it: each has its copy, each trigger is answered once', async () => {
    const { application, run } = await asks(await anApplication(world, { [A.useCopyTrigger]: '' }));
    const answers = answersOf(application);
    const other = await anotherSource(application);
    await vi.waitUntil(async () => (await runsOf(other)).length === 1, PATIENCE);
    await application.setTrigger('t1');
    await application.report(run);
    await application.setTrigger('t2');
    await vi.waitUntil(() => everyRunEnded(other), PATIENCE);
    const answered = answers.map(({ trigger }) => trigger);
    expect(answered).toEqual([...new Set(answered)]);
    expect(await runsOf(other)).toHaveLength(1);
  });

  it('start a manual sync once for each tag', async () => {
    const application = await anApplication(world, {});
    const { sources } = world.cluster;
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.sourceStatus((status) => status.lastSyncTime !== undefined);
    for (const manual of ['one', 'two', 'three']) {
      await sources.patch(application.source, { spec: { trigger: { schedule: null, manual } } });
      await application.sourceStatus((status) => status.lastManualSync === manual);
    }
    expect(await runsOf(application.source)).toHaveLength(4);
  });

  it('start a scheduled sync once for each slot', async () => {
    const application = await anApplication(world, {});
    const { sources } = world.cluster;
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.sourceStatus((status) => status.lastSyncTime !== undefined);
    await sources.patch(application.source, { spec: { trigger: { schedule: '* * * * *' } } });
    await vi.waitUntil(async () => (await runsOf(application.source)).length >= 2, PATIENCE);
    await sources.patch(application.source, { spec: { paused: true } });
    await vi.waitUntil(() => everyRunEnded(application.source), PATIENCE);
    const slots = (await runsOf(application.source)).map(({ workflowId }) => workflowId);
    expect(slots).toEqual([...new Set(slots)]);
  });
});

async function completed(application: Application, trigger: string): Promise<void> {
  await application.copyStatus('Completed', (annotations) => annotations[A.latestCopyTrigger] === trigger);
}

/** Every sync of the source that was ever started, as Temporal knows it. */
async function runsOf(source: ObjectRef) {
  const query = `WorkflowId STARTS_WITH '${sourceScheduleId(source)}-'`;
  return Array.fromAsync(world.temporal.workflow.list({ query }));
}

async function everyRunEnded(source: ObjectRef): Promise<boolean> {
  const runs = await runsOf(source);
  return runs.length > 0 && runs.every(({ status }) => status.name !== 'RUNNING');
}
