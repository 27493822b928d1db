// The quiesce agent when everything of ours but the guard is dead: the guard says that nobody will copy, and the agent
// lets go long before its own deadline.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { logIn, quiescedByCommand, startAgent } from '../stack/agent-process.ts';
import { aWaitingSync } from '../stack/window-scenario.ts';
import { openWorld } from '../stack/world.ts';
import type { World } from '../stack/world.ts';
import { killOurs, startBothAnew, startOurs } from './our-processes.ts';

const PROMPTLY_MS = 5_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('with worker and controller dead, the agent', () => {
  afterEach(async () => {
    await killOurs('guard');
    await startBothAnew();
  });

  it('lets the application go when the guard releases it, because nobody accepts the trigger (row 10)', async () => {
    const { application } = await aWaitingSync(world);
    const login = await logIn(application);
    const quiesced = quiescedByCommand(login.folder);
    await Promise.all([killOurs('worker'), killOurs('controller')]);
    await startOurs('guard', 'guard', { STILLPOINT_FREEZE_BOUND: '6s' });
    await using _ = await startAgent(login, { ...quiesced.settings, STILLPOINT_AGENT_HOLD: '2m' });
    const failed = await application.copyStatus('Failed');
    const failedAt = Date.now();
    expect(failed[A.latestCopyError]).toMatch(/^TriggerExpired: /);
    expect(failed[A.latestCopyTrigger]).toMatch(/^agent\//);
    expect((await quiesced.runs()) - failedAt).toBeLessThan(PROMPTLY_MS);
  });
});
