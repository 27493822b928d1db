// Where the kills happen: one stack, one worker, one controller and one guard on it, and how each part is hit.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { eventually } from '../judge/eventually.ts';
import { startOwn, stopOwn } from '../own-processes.ts';
import type { OwnProcess, Program } from '../own-processes.ts';
import { pauseService, resumeService, startService, stopService } from '../stack/faults.ts';
import { identityOf, isAlive } from '../stack/process-identity.ts';
import type { Blow } from './plan.ts';

export interface GroundOptions {
  readonly stackName: string;
  /** Logs and pid files of our own processes. */
  readonly folder: string;
  /** Of our own processes: KUBECONFIG, TEMPORAL_ADDRESS, settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly cluster: Cluster;
  readonly temporal: Client;
}

/** Short waits, so that syncs follow each other quickly. */
export const SETTINGS = {
  STILLPOINT_ANSWER_VISIBLE: '1s',
  STILLPOINT_READY_PATIENCE: '5s',
  STILLPOINT_MOVER_RETRY: '1s',
  STILLPOINT_MOVER_HEARTBEAT: '10s',
} as const;

const PROGRAMS: readonly Program[] = ['worker', 'controller', 'guard'];
const BACK_WITHIN_MS = 120_000;

export class Ground {
  /** Programs of ours that have ended though nobody killed them. */
  readonly endedByThemselves: string[] = [];
  readonly #options: GroundOptions;
  readonly #running = new Map<Program, OwnProcess & { readonly identity: string }>();

  constructor(options: GroundOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await Promise.all(PROGRAMS.map((program) => this.#start(program)));
  }

  async stop(): Promise<void> {
    await Promise.all(PROGRAMS.map((program) => stopOwn(program, this.#options.folder)));
  }

  /** Resolves when the victim runs again. */
  async strike({ victim, how, lastsMs }: Blow): Promise<void> {
    const program = PROGRAMS.find((name) => name === victim);
    if (program !== undefined) return this.#strikeOurs(program, how, lastsMs);
    const { stackName } = this.#options;
    await (how === 'kill' ? stopService(stackName, victim) : pauseService(stackName, victim));
    await sleep(lastsMs);
    await (how === 'kill' ? startService(stackName, victim) : resumeService(stackName, victim));
  }

  /** Resolves when Kubernetes, Temporal and our own programs answer again. */
  async recovered(): Promise<void> {
    const { cluster, temporal } = this.#options;
    await back(() => cluster.namespaces.get({ namespace: '', name: 'default' }));
    await back(() => temporal.workflowService.describeNamespace({ namespace: 'default' }));
    await Promise.all(PROGRAMS.map((program) => this.#readyAgain(program)));
  }

  async #strikeOurs(program: Program, how: Blow['how'], lastsMs: number): Promise<void> {
    const identity = this.#running.get(program)?.identity ?? '';
    if (how === 'kill') {
      await stopOwn(program, this.#options.folder, 'SIGKILL');
      await sleep(lastsMs);
      await back(() => this.#start(program));
      return;
    }
    signal(identity, 'SIGSTOP');
    await sleep(lastsMs);
    signal(identity, 'SIGCONT');
  }

  // As whoever runs our programs starts them again.
  async #readyAgain(program: Program): Promise<void> {
    await back(async () => {
      const running = this.#running.get(program);
      if (running === undefined || !isAlive(running.identity)) {
        this.endedByThemselves.push(program);
        return this.#start(program);
      }
      const { ok } = await fetch(`${running.metricsUrl}/readyz`);
      if (!ok) throw new Error(`the ${program} is not ready (log: ${running.logFile})`);
    });
  }

  async #start(program: Program): Promise<void> {
    const { folder, env } = this.#options;
    await stopOwn(program, folder, 'SIGKILL'); // One that was not ready in time.
    const started = await startOwn({ program, folder, env });
    this.#running.set(program, { ...started, identity: identityOf(started.pid) ?? '' });
  }
}

function signal(identity: string, name: NodeJS.Signals): void {
  if (isAlive(identity)) process.kill(Number(identity.split(' ', 1)[0]), name);
}

function back<T>(action: () => Promise<T>): Promise<T> {
  return eventually(action, BACK_WITHIN_MS);
}
