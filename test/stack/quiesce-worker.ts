// The example workers of an application's owner, as processes of their own on the queue that its pvc names. The
// application is a folder: `quiet` lies there while it stands still, `calls` tells every command that was run.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, vi } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { cached } from '../../tools/stack/cache.ts';
import { reporting } from '../../tools/stack/progress.ts';
import { run } from '../../tools/stack/shell.ts';
import type { Say } from '../../tools/stack/shell.ts';
import { PATIENCE, aNamespace, bound, createPvc, createSecret } from './window-scenario.ts';
import type { Application, World } from './world.ts';

export type Language = 'typescript' | 'python';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const say: Say = (line) => void process.stdout.write(`${line}\n`);

/** The application as its owner's worker sees it. */
export class QuietFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'quiesce-'));

  /** `quiesce` and `unquiesce`, in the order in which they were run. */
  get calls(): readonly string[] {
    const file = join(this.path, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  get standsStill(): boolean {
    return existsSync(join(this.path, 'quiet'));
  }

  /** From now on quiescing fails, or takes for ever, until that is taken back. */
  breaks(how: 'fails' | 'hangs', broken = true): void {
    const file = join(this.path, how);
    if (broken) writeFileSync(file, '');
    else rmSync(file);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  get commands(): Readonly<Record<string, string>> {
    const { path } = this;
    const broken = `[ ! -e ${path}/fails ] && while [ -e ${path}/hangs ]; do sleep 0.1; done`;
    return {
      QUIESCE_COMMAND: `echo quiesce >> ${path}/calls && touch ${path}/quiet && ${broken}`,
      UNQUIESCE_COMMAND: `echo unquiesce >> ${path}/calls && rm -f ${path}/quiet`,
    };
  }
}

export interface Queue {
  readonly taskQueue: string;
  /** Of Temporal. */
  readonly namespace?: string;
}

/** One of the example workers. */
export class OwnersWorker {
  readonly #child: ChildProcess;
  readonly #log: string;

  private constructor(child: ChildProcess, log: string) {
    this.#child = child;
    this.#log = log;
  }

  /** Resolves when it polls its queue. */
  static async start(
    language: Language,
    { taskQueue, namespace = 'default' }: Queue,
    folder: QuietFolder,
  ): Promise<OwnersWorker> {
    const { program, args, env } = await programOf(language);
    const log = join(folder.path, `worker-${Date.now()}.log`);
    const output = openSync(log, 'a');
    const child = spawn(program, args, {
      stdio: ['ignore', output, output],
      env: {
        ...process.env,
        ...env,
        ...folder.commands,
        TEMPORAL_ADDRESS: inject('stack').temporalAddress,
        TEMPORAL_NAMESPACE: namespace,
        QUIESCE_TASK_QUEUE: taskQueue,
      },
    });
    const worker = new OwnersWorker(child, log);
    await vi.waitUntil(() => worker.#isReady(), PATIENCE);
    return worker;
  }

  #isReady(): boolean {
    const said = readFileSync(this.#log, 'utf8');
    if (this.#child.exitCode !== null) throw new Error(`the example worker ended: ${said}`);
    return said.includes('worker ready');
  }

  /** As a power cut would, unless it may say goodbye. */
  async stop(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }
}

/** A pvc that opted in and names the queue `quiesce/<namespace>/orders`. */
export async function anApplicationOnAQueue(
  world: World,
  name = (namespace: string) => `quiesce/${namespace}/orders`,
): Promise<{ readonly application: Application; readonly taskQueue: string }> {
  const application = await aNamespace(world);
  const taskQueue = name(application.namespace);
  await createSecret(application);
  await createPvc(application, { [A.useCopyTrigger]: '', [A.quiesceTaskQueue]: taskQueue });
  await bound(application);
  return { application, taskQueue };
}

async function programOf(language: Language) {
  if (language === 'typescript') {
    const args = [
      '--disable-warning=ExperimentalWarning',
      join(EXAMPLES, 'quiesce-worker-typescript', 'worker.ts'),
    ];
    return { program: process.execPath, args, env: {} };
  }
  const folder = join(EXAMPLES, 'quiesce-worker-python');
  const env = { PYTHONPATH: await pythonPackages(folder), PYTHONDONTWRITEBYTECODE: '1' };
  return { program: 'python3', args: [join(folder, 'worker.py')], env };
}

/** What requirements.txt names, installed once into our cache. */
async function pythonPackages(folder: string): Promise<string> {
  const requirements = join(folder, 'requirements.txt');
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    requirements,
  ];
  return cached({
    part: 'python-packages',
    madeFrom: [readFileSync(requirements, 'utf8'), await run('python3', ['--version'])],
    say,
    make: async (target) => {
      const line = (passed: string) => `installing the Temporal SDK for Python, once (${passed})`;
      await reporting({ say, line }, run('python3', [...pip, '--target', target]));
    },
  });
}
