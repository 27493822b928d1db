// What people do from the Temporal UI and CLI to a sync that waits.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { aWaitingSync, PATIENCE } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function waiting(): Promise<{ application: Application; run: string }> {
  const { application, run } = await aWaitingSync(world);
  await vi.waitFor(async () => expect(await phaseOf(run)).toBe('WaitingForTrigger'), PATIENCE);
  return { application, run };
}

// The annotation stands a moment before the workflow waits.
async function phaseOf(run: string): Promise<unknown> {
  const { typedSearchAttributes } = await world.temporal.workflow.getHandle(run).describe();
  return typedSearchAttributes.getAll().find(({ key }) => key.name === 'SyncPhase')?.value;
}

function update(application: Application, run: string, input: object): Promise<string> {
  const name = ['--workflow-id', run, '--name', 'proceed', '--input', JSON.stringify(input)];
  return application.temporalCli('workflow', 'update', 'execute', ...name);
}

describe.concurrent('a sync that waits for its trigger', () => {
  it('copies when a person proceeds by the CLI, and says who (row 5)', async () => {
    const { application, run } = await waiting();
    await expect(update(application, run, { by: 'ada' })).rejects.toThrow(/say who proceeds and why/);
    await update(application, run, { by: 'ada', reason: 'the agent is broken' });
    const completed = await application.copyStatus('Completed');
    expect(completed).not.toHaveProperty(A.latestCopyTrigger);
    expect((await application.report(run)).copy).toMatchObject({ by: 'ada' });
    await application.remove();
  });

  it('releases the application when a person cancels it by the CLI (row 9)', async () => {
    const { application, run } = await waiting();
    await application.temporalCli('workflow', 'cancel', '--workflow-id', run);
    const failed = await application.copyStatus('Failed');
    expect(failed[A.latestCopyError]).toMatch(/^Cancelled: /);
    await expect(application.report(run)).rejects.toThrow();
    expect(await application.temporaryObjects()).toEqual([]);
    await application.remove();
  });

  it('shows itself in the Temporal UI: search attributes, summary, details, described messages', async () => {
    const { application, run } = await waiting();
    const handle = application.world.temporal.workflow.getHandle(run);
    const attributes = async () => {
      const { typedSearchAttributes } = await handle.describe();
      return Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    };
    const name = `${application.namespace}/test-rs`;
    await vi.waitFor(
      async () =>
        expect(await attributes()).toMatchObject({
          SyncSource: name,
          SyncPhase: 'WaitingForTrigger',
          SyncMover: 'restic',
        }),
      PATIENCE,
    );
    const description = await handle.describe();
    expect(await description.staticSummary()).toContain(name);
    const metadata = await application.temporalCli(
      'workflow',
      'metadata',
      '--workflow-id',
      run,
      '--output',
      'json',
    );
    expect(metadata).toContain('waiting since');
    expect(metadata).toContain('Take the copy now, without a trigger');
    await application.remove();
  });
});
