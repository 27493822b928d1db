// kubectl stillpoint as people run it: the real program as a child process, on the real stack.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { anApplication, aWaitingSync, createSource, PATIENCE } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/kubectl-stillpoint');

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { kubeconfig, temporalAddress } = inject('stack');
  return { ...process.env, KUBECONFIG: kubeconfig, TEMPORAL_ADDRESS: temporalAddress, ...extra };
}

/** Runs it to its end. */
async function cli(words: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(PROGRAM, [...words], { env: environment(extra) }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
  });
}

/** Starts it, to be looked at while it runs. */
function start(words: readonly string[]) {
  const child = spawn(PROGRAM, words, { env: environment() });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString()));
  return {
    out: () => out,
    prints: (text: string) => vi.waitFor(() => expect(out).toContain(text), PATIENCE),
    interrupt: () => void child.kill('SIGINT'),
    ended: new Promise((resolve) => child.on('exit', resolve)),
  };
}

/** A command in the namespace of the application. */
function of(application: Application) {
  return (...words: readonly string[]) => {
    const dashes = words.indexOf('--');
    const at = dashes < 0 ? words.length : dashes;
    return cli([...words.slice(0, at), '-n', application.namespace, ...words.slice(at)]);
  };
}

async function phaseOf(run: string): Promise<unknown> {
  const { typedSearchAttributes } = await world.temporal.workflow.getHandle(run).describe();
  return typedSearchAttributes.getAll().find(({ key }) => key.name === 'SyncPhase')?.value;
}

async function reallyWaiting(): Promise<{ application: Application; run: string }> {
  const { application, run } = await aWaitingSync(world);
  await vi.waitFor(async () => expect(await phaseOf(run)).toBe('WaitingForTrigger'), PATIENCE);
  return { application, run };
}

// A command takes half a second; on a machine that is as busy as it can be, ten.
describe('kubectl stillpoint', { timeout: 300_000 }, () => {
  it('shows who waits, and says why and what to do', async () => {
    const { application } = await reallyWaiting();
    const run = of(application);

    const status = await run('status');
    expect(status.out).toMatch(/^NAME +PVC +PHASE +SINCE +LAST COPY +FREEZE +LAST SYNC +NEXT\n/);
    expect(status.out).toMatch(/test-rs +data-pvc +WaitingForTrigger/);
    const why = await run('explain', 'test-rs');
    expect(why).toMatchObject({ code: 0, err: '' });
    expect(why.out).toContain('nobody has set a new copy-trigger');

    await application.remove();
  });

  it('triggers, follows the sync to its end, and tells it as a story', async () => {
    const { application } = await reallyWaiting();
    const run = of(application);
    const watching = start(['watch', 'test-rs', '-n', application.namespace, '--timeout', '110s']);
    await watching.prints('WaitingForTrigger');
    const triggered = await run('trigger', 'data-pvc', 'by-the-cli');
    expect(triggered).toMatchObject({ code: 0, err: '' });
    expect(triggered.out).toContain('Completed: the copy is taken; go on');
    const pvc = await world.cluster.pvcs.get(application.pvc);
    expect(pvc?.metadata.annotations).toMatchObject({ [A.latestCopyTrigger]: 'by-the-cli' });
    expect(pvc?.metadata.annotations).not.toHaveProperty(A.triggerValidUntil);

    expect(await watching.ended).toBe(0);
    expect(watching.out()).toMatch(/Successful: frozen for /);

    const history = await run('history', 'test-rs');
    expect(history.out).toMatch(/Successful +by-the-cli/);
    const story = (await run('history', 'test-rs', 'latest')).out;
    expect(story).toContain('The application is asked');
    expect(story).toContain('The application stands still (trigger by-the-cli)');
    expect(story).toMatch(/The application is released; it was frozen for/);
    expect(story).toContain('The sync has ended well');
    await application.remove();
  });

  it('lets a person proceed who says why, and tells who it was', async () => {
    const { application, run: workflowId } = await reallyWaiting();
    const run = of(application);
    expect(await run('proceed', 'test-rs')).toMatchObject({ code: 2 });
    const proceeded = await run('proceed', 'test-rs', '--by', 'ada', '--reason', 'the agent is broken');
    expect(proceeded).toMatchObject({ code: 0, err: '' });
    expect(proceeded.out).toContain('ada lets the sync of');
    await application.report(workflowId);
    const story = (await run('history', 'test-rs', 'latest')).out;
    expect(story).toContain('ada proceeds without a trigger: the agent is broken');
    const again = await run('proceed', 'test-rs', '--reason', 'once more');
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/^error: No sync of .* is running/);
    await application.remove();
  });

  it('cancels a sync: its application is released, and its story says so', async () => {
    const { application } = await reallyWaiting();
    const run = of(application);
    const cancelled = await run('cancel', 'test-rs');
    expect(cancelled).toMatchObject({ code: 0, err: '' });
    await application.copyStatus('Failed');
    expect((await run('history', 'test-rs', 'latest')).out).toContain('Cancelled');
    await application.remove();
  });

  it('pauses and resumes a source, and says that it is paused', async () => {
    const application = await anApplication(world, {});
    const run = of(application);
    await createSource(application, { annotations: { 'stillpoint.dev/first-sync': 'wait' } });
    await vi.waitFor(
      async () =>
        expect(await run('explain', 'test-rs')).toMatchObject({
          err: '',
          out: expect.stringContaining('keeps the first sync back') as string,
        }),
      PATIENCE,
    );
    expect((await run('pause', 'test-rs')).out).toContain('paused');
    expect((await run('explain', 'test-rs')).out).toContain('It is paused (spec.paused)');
    expect((await run('sync', 'test-rs')).err).toMatch(/is paused; "kubectl stillpoint resume/);
    expect((await run('resume', 'test-rs')).out).toContain('resumed');
    await application.remove();
  });

  it('starts one sync at once, and follows it to its end', async () => {
    const application = await anApplication(world, {});
    const run = of(application);
    await createSource(application, { annotations: { 'stillpoint.dev/first-sync': 'wait' } });
    const synced = await vi.waitUntil(async () => {
      const ran = await run('sync', 'test-rs', '--timeout', '100s');
      return ran.err.includes('has no schedule in Temporal') ? undefined : ran;
    }, PATIENCE);
    expect(synced).toMatchObject({ code: 0, err: '' });
    expect(synced.out).toMatch(/Successful: crash-consistent/);
    const rows = JSON.parse((await run('status', '-o', 'json')).out) as { items: { phase: string }[] };
    expect(rows.items).toMatchObject([{ name: 'test-rs', consistency: 'crash-consistent' }]);
    await application.remove();
  });

  it('quiesces for one copy: runs the command, triggers, waits for the answer, and undoes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-cli-'));
    const log = join(folder, 'log');
    writeFileSync(log, '');
    const { application } = await reallyWaiting();
    const quiesced = await of(application)(
      'quiesce',
      'data-pvc',
      '--undo',
      `echo goes on >> ${log}`,
      '--deadline',
      '100s',
      '--',
      'sh',
      '-c',
      `echo stands still >> ${log}`,
    );
    expect(quiesced).toMatchObject({ code: 0 });
    expect(quiesced.out).toContain('Completed: the copy is taken');
    expect(readFileSync(log, 'utf8')).toBe('stands still\ngoes on\n');
    const annotations = (await world.cluster.pvcs.get(application.pvc))?.metadata.annotations;
    expect(annotations?.[A.latestCopyTrigger]).toBe(annotations?.[A.copyTrigger]);
    await application.remove();
  });

  it('undoes and asks for no copy when the command that quiesces fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-cli-'));
    const log = join(folder, 'log');
    const { application } = await reallyWaiting();
    const words = ['quiesce', 'data-pvc', '--undo', `echo goes on > ${log}`, '--', 'false'];
    const quiesced = await of(application)(...words);
    expect(quiesced.code).toBe(5);
    expect(readFileSync(log, 'utf8')).toBe('goes on\n');
    const annotations = (await world.cluster.pvcs.get(application.pvc))?.metadata.annotations;
    expect(annotations).not.toHaveProperty(A.copyTrigger);
    expect((await of(application)('cancel', 'test-rs')).code).toBe(0);
    await application.remove();
  });

  it('takes a trigger back that nobody accepts in time', async () => {
    const application = await anApplication(world, { [A.useCopyTrigger]: '' });
    const run = of(application);
    const late = await run('trigger', 'data-pvc', 'nobody-waits', '--timeout', '2s');
    expect(late.code).toBe(4);
    expect(late.err).toContain('was not accepted in time, and is taken back');
    const annotations = (await world.cluster.pvcs.get(application.pvc))?.metadata.annotations;
    expect(annotations).not.toHaveProperty(A.copyTrigger);
    await application.remove();
  });

  it('shows what a migration from VolSync changes, and changes nothing', async () => {
    const application = await anApplication(world, {});
    await createSource(application, { spec: { paused: true } });
    const migration = await cli(['migrate']);
    expect(migration).toMatchObject({ code: 0 });
    expect(migration.out).toMatch(
      new RegExp(`source +${application.namespace}/test-rs +restic +served +paused: stays paused`),
    );
    expect(migration.err).toContain('Nothing was changed');
    await application.remove();
  });

  it('offers the names of sources and pvcs to the shell', async () => {
    const application = await anApplication(world, {});
    await createSource(application, { spec: { paused: true } });
    const complete = async (...words: readonly string[]) => (await cli(['__complete', ...words])).out;
    expect(await complete('sta')).toBe('status\n');
    expect(await complete('watch', '-n', application.namespace, 'te')).toBe('test-rs\n');
    expect(await complete('trigger', '-n', application.namespace, '')).toBe('data-pvc\n');
    expect(await complete('sync', '--no-w')).toBe('--no-wait\n');
    await application.remove();
  });

  it('answers bad input with one sentence and an exit code that is not 0', async () => {
    const nowhere = { KUBECONFIG: '/nonexistent/kubeconfig' };
    const wrong: readonly (readonly [readonly string[], Readonly<Record<string, string>>, number])[] = [
      [['watch', 'no-such-source', '-n', 'default'], {}, 3],
      [['trigger', 'no-such-pvc', '-n', 'default'], {}, 3],
      [['status'], nowhere, 3],
      [['status', '--context', 'no-such-context'], {}, 3],
      [['history', 'test-rs', '-n', 'default'], { TEMPORAL_ADDRESS: '127.0.0.1:1' }, 3],
      [['status', '-o', 'xml'], {}, 2],
      [['trigger'], {}, 2],
      [['no-such-command'], {}, 2],
      [['watch', 'x', '-n', 'default', '--timeout', 'soon'], {}, 2],
    ];
    for (const [words, extra, code] of wrong) {
      const ran = await cli(words, extra);
      expect(ran, words.join(' ')).toMatchObject({ code, out: '' });
      expect(ran.err).toMatch(/^error: .+/);
      expect(ran.err).not.toMatch(/^\s+at /m);
    }
  });

  it('lets the application go when its quiesce is interrupted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-cli-'));
    const log = join(folder, 'log');
    const { application } = await reallyWaiting();
    const words = ['quiesce', 'data-pvc', '-n', application.namespace, '--undo', `echo goes on > ${log}`];
    const quiescing = start([...words, '--', 'sh', '-c', 'echo standing; sleep 100']);
    await quiescing.prints('standing\n');
    quiescing.interrupt();
    expect(await quiescing.ended).toBe(130);
    expect(readFileSync(log, 'utf8')).toBe('goes on\n');
    expect((await of(application)('cancel', 'test-rs')).code).toBe(0);
    await application.remove();
  });
});

describe('kubectl stillpoint doctor', () => {
  it('finds a healthy stack healthy', async () => {
    const { out } = await cli(['doctor', '-A', '-o', 'json']);
    const { items } = JSON.parse(out) as { items: { name: string; state: string; found: string }[] };
    const of = (name: string) => items.find((item) => item.name === name);
    for (const name of ['Kubernetes', 'definitions', 'your rights', 'clock', 'Temporal', 'worker', 'VolSync'])
      expect(of(name)).toMatchObject({ state: 'ok' });
    expect(items.map(({ name }) => name)).toContain('snapshot-controller');
  });
});
