// The quiesce agent on the real stack, with the driver `command` and a ServiceAccount that may touch its own pvc only.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import { portOf } from '../stack-faults/proxy-kubeconfig.ts';
import { startStallingRelay } from '../stack-faults/stalling-relay.ts';
import { logIn, quiescedByCommand, startAgent } from './agent-process.ts';
import type { Login, QuiescedByCommand } from './agent-process.ts';
import { PATIENCE, anApplication, latestRun, pvcOf } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

// From what the agent hears to the end of its unquiesce, on a machine that may be busy.
const PROMPTLY_MS = 5_000;
const SLOW_CUT = { copyMethod: 'Snapshot', volumeSnapshotClassName: 'dir-slow-cut' } as const;
const NEVER_CUTS = { copyMethod: 'Snapshot', volumeSnapshotClassName: 'dir-fail' } as const;

interface Place {
  readonly application: Application;
  readonly login: Login;
  readonly quiesced: QuiescedByCommand;
}

async function aPlace(annotations: Readonly<Record<string, string>> = {}): Promise<Place> {
  const application = await anApplication(world, { [A.useCopyTrigger]: '', ...annotations });
  const login = await logIn(application);
  return { application, login, quiesced: quiescedByCommand(login.folder) };
}

/** Somebody has asked and has gone: VolSync, say. Nobody will ever accept a trigger. */
const NOBODY_ACCEPTS = { [A.latestCopyStatus]: 'WaitingForTrigger' };

describe.concurrent('the agent', () => {
  it('quiesces when a copy is wanted, and lets the application go as soon as it is cut', async () => {
    const { application, login, quiesced } = await aPlace();
    await using agent = await startAgent(login, quiesced.settings);
    await quiesced.runs(); // Whatever an earlier life may have left.
    await application.replicate({ copyMethod: 'Snapshot' });
    const first = await application.copyStatus('Completed');
    const completedAt = Date.now();
    expect((await quiesced.runs()) - completedAt).toBeLessThan(PROMPTLY_MS);
    expect(first[A.latestCopyTrigger]).toMatch(/^agent\//);

    const run = await latestRun(application);
    const { copy } = await application.report(run);
    expect(copy).toMatchObject({ trigger: first[A.latestCopyTrigger], consistency: expect.anything() });
    await application.syncNow();
    const answered = (annotations: Readonly<Record<string, string>>) =>
      annotations[A.latestCopyTrigger] !== first[A.latestCopyTrigger];
    await application.copyStatus('Completed', answered);
    await quiesced.runs();
    await application.report(await latestRun(application, run));
    const whats = quiesced.history().map(({ what }) => what);
    expect(whats).toEqual(['unquiesce', 'quiesce', 'unquiesce', 'quiesce', 'unquiesce']);
    expect(agent.lines().filter(({ level }) => level === 'error')).toEqual([]);
    await application.remove();
  });

  it('lets the application go when the copy fails', async () => {
    const { application, login, quiesced } = await aPlace();
    await using _ = await startAgent(login, quiesced.settings);
    await application.replicate(NEVER_CUTS, { 'stillpoint.dev/freeze-bound': '8s' });
    await application.copyStatus('Failed');
    const failedAt = Date.now();
    expect((await quiesced.runs()) - failedAt).toBeLessThan(PROMPTLY_MS);
    await application.remove();
  });

  it('lets go at its own deadline when nobody accepts, and takes its trigger back', async () => {
    const { application, login, quiesced } = await aPlace(NOBODY_ACCEPTS);
    await using agent = await startAgent(login, { ...quiesced.settings, STILLPOINT_AGENT_HOLD: '6s' });
    await quiesced.standsStill();
    const stoodFrom = quiesced.history().at(-1)?.at ?? 0;
    const stoodForMs = (await quiesced.runs()) - stoodFrom;
    expect(stoodForMs).toBeGreaterThan(5_000);
    expect(stoodForMs).toBeLessThan(6_000 + PROMPTLY_MS);
    await takenBack(application);
    expect(agent.lines().find(({ msg }) => msg === 'letting the application go')).toBeDefined();
    expect(agent.lines().some(({ because }) => because === 'deadline')).toBe(true);
    await application.remove();
  });
});

describe.concurrent.each([
  { clock: 'fast', shiftMs: 300_000 },
  { clock: 'slow', shiftMs: -300_000 },
])('an agent whose clock is five minutes $clock', ({ shiftMs }) => {
  it('promises by the clock of the API server, and lets go at its own deadline', async () => {
    const { application, login, quiesced } = await aPlace(NOBODY_ACCEPTS);
    const preload = pathToFileURL(join(import.meta.dirname, '../stack-faults/shifted-clock.ts'));
    const shifted = {
      NODE_OPTIONS: `--import=${preload.href}`,
      STILLPOINT_TEST_CLOCK_SHIFT_MS: String(shiftMs),
      STILLPOINT_AGENT_HOLD: '20s',
    };
    await using _ = await startAgent(login, { ...quiesced.settings, ...shifted });
    await triggerStands(application);
    const until = Date.parse(pvcOf(application)?.metadata.annotations?.[A.triggerValidUntil] ?? '');
    expect(until - world.cluster.now()).toBeGreaterThan(0);
    expect(until - world.cluster.now()).toBeLessThan(20_000 + MARGIN_MS);
    await quiesced.runs();
    expect(world.cluster.now() - until).toBeLessThan(PROMPTLY_MS);
    await takenBack(application);
    await application.remove();
  });
});

describe('an agent of the size of a companion', () => {
  it('holds 96 MiB at most after a whole sync, once its types are stripped', async () => {
    const { application, login, quiesced } = await aPlace();
    const first = await startAgent(login, quiesced.settings);
    first.signal('SIGTERM');
    await first.ended();
    await using agent = await startAgent(login, quiesced.settings);
    await application.replicate({ copyMethod: 'Snapshot' });
    await application.copyStatus('Completed');
    await quiesced.runs();
    expect(agent.residentMiB()).toBeLessThanOrEqual(96);
    await application.report(await latestRun(application));
    await application.remove();
  });
});

describe.concurrent('an agent that is killed while the application stands still', () => {
  it('waits after its restart for the answer to the trigger that was accepted, then lets go', async () => {
    const { application, login, quiesced } = await aPlace();
    const killed = await startAgent(login, quiesced.settings);
    await application.replicate(SLOW_CUT);
    await application.copyStatus('InProgress');
    await killed[Symbol.asyncDispose]();
    expect(quiesced.isQuiesced()).toBe(true);
    await using _ = await startAgent(login, quiesced.settings);
    const completed = await application.copyStatus('Completed');
    const completedAt = Date.now();
    const ranAt = await quiesced.runs();
    expect(ranAt - completedAt).toBeLessThan(PROMPTLY_MS);
    expect(completed[A.latestCopyTrigger]).toMatch(/^agent\//);
    const { copy } = await application.report(await latestRun(application));
    expect(ranAt).toBeGreaterThan(Date.parse(copy?.cutTime ?? ''));
    await application.remove();
  });

  it('takes back after its restart what nobody has accepted, and lets go', async () => {
    const { application, login, quiesced } = await aPlace(NOBODY_ACCEPTS);
    const settings = { ...quiesced.settings, STILLPOINT_AGENT_HOLD: '10m' };
    const killed = await startAgent(login, settings);
    await triggerStands(application);
    await killed[Symbol.asyncDispose]();
    await using _ = await startAgent(login, { ...settings, STILLPOINT_AGENT_RETRY_AFTER: '10m' });
    await vi.waitUntil(
      () => quiesced.history().filter(({ what }) => what === 'unquiesce').length > 1,
      PATIENCE,
    );
    await application.remove();
  });
});

describe.concurrent('an agent that is told to stop while the application stands still', () => {
  it('waits for the answer to the trigger that was accepted, lets go, and ends', async () => {
    const { application, login, quiesced } = await aPlace();
    await using agent = await startAgent(login, quiesced.settings);
    await application.replicate(SLOW_CUT);
    await application.copyStatus('InProgress');
    agent.signal('SIGTERM');
    await application.copyStatus('Completed');
    expect(await agent.ended()).toBe(0);
    expect(quiesced.isQuiesced()).toBe(false);
    const { copy } = await application.report(await latestRun(application));
    expect(quiesced.history().at(-1)?.at).toBeGreaterThan(Date.parse(copy?.cutTime ?? ''));
    await application.remove();
  });

  it('does not wait for ever: it lets go at the end of its grace, and ends', async () => {
    const { application, login, quiesced } = await aPlace();
    await using agent = await startAgent(login, { ...quiesced.settings, STILLPOINT_AGENT_STOP_GRACE: '2s' });
    await application.replicate(NEVER_CUTS, { 'stillpoint.dev/freeze-bound': '20s' });
    await application.copyStatus('InProgress');
    agent.signal('SIGTERM');
    const toldAt = Date.now();
    expect(await agent.ended()).toBe(0);
    expect(quiesced.isQuiesced()).toBe(false);
    expect(Date.now() - toldAt).toBeLessThan(2_000 + PROMPTLY_MS);
    await application.copyStatus('Failed');
    await application.remove();
  });

  it('takes its trigger back first when nobody has accepted it, lets go, and ends', async () => {
    const { application, login, quiesced } = await aPlace(NOBODY_ACCEPTS);
    await using agent = await startAgent(login, { ...quiesced.settings, STILLPOINT_AGENT_HOLD: '10m' });
    await triggerStands(application);
    agent.signal('SIGTERM');
    expect(await agent.ended()).toBe(0);
    await takenBack(application);
    expect(quiesced.isQuiesced()).toBe(false);
    await application.remove();
  });
});

describe.concurrent('an agent that loses the API server while the application stands still', () => {
  it('lets go at its own deadline, and takes its trigger back when the API server is there again', async () => {
    const { application, login, quiesced } = await aPlace(NOBODY_ACCEPTS);
    await using relay = await startStallingRelay(portOf(inject('stack').kubeconfig));
    const through = { STILLPOINT_AGENT_API_SERVER: `https://127.0.0.1:${relay.port}` };
    await using _ = await startAgent(login, {
      ...quiesced.settings,
      ...through,
      STILLPOINT_AGENT_HOLD: '8s',
    });
    await triggerStands(application);
    relay.stall();
    const stoodFrom = quiesced.history().at(-1)?.at ?? 0;
    expect((await quiesced.runs()) - stoodFrom).toBeLessThan(8_000 + PROMPTLY_MS);
    expect(pvcOf(application)?.metadata.annotations).toHaveProperty([A.copyTrigger]);
    relay.resume();
    await takenBack(application);
    await application.remove();
  });

  it('lets go sooner when it is told to have less patience', async () => {
    const { application, login, quiesced } = await aPlace(NOBODY_ACCEPTS);
    await using relay = await startStallingRelay(portOf(inject('stack').kubeconfig));
    const through = { STILLPOINT_AGENT_API_SERVER: `https://127.0.0.1:${relay.port}` };
    const impatient = { STILLPOINT_AGENT_HOLD: '10m', STILLPOINT_AGENT_API_PATIENCE: '7s' };
    await using agent = await startAgent(login, { ...quiesced.settings, ...through, ...impatient });
    await triggerStands(application);
    relay.stall();
    const lostAt = Date.now();
    expect((await quiesced.runs()) - lostAt).toBeLessThan(7_000 + PROMPTLY_MS);
    expect(agent.lines().some(({ because }) => because === 'apiServerLost')).toBe(true);
    relay.resume();
    await takenBack(application);
    await application.remove();
  });
});

async function triggerStands(application: Application): Promise<void> {
  const look = () => pvcOf(application)?.metadata.annotations?.[A.copyTrigger] !== undefined;
  await vi.waitUntil(look, PATIENCE);
}

async function takenBack(application: Application): Promise<void> {
  const keys = [A.copyTrigger, A.triggerValidUntil, A.quiescedAt];
  const look = () => keys.every((key) => pvcOf(application)?.metadata.annotations?.[key] === undefined);
  await vi.waitUntil(look, PATIENCE);
}
