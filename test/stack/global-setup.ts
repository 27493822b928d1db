// One stack for all real-stack tests, with one worker and one controller; each test has a namespace of its own.
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ownStarted, startOwn, stopOwn } from '../../tools/own-processes.ts';
import type { ObjectStore } from '../../tools/stack/stack.ts';
import { stackUp } from '../../tools/stack/up.ts';
import { missingRights, serviceAccounts } from './service-accounts.ts';
import type { Accounts } from './service-accounts.ts';

export interface StackForTests {
  readonly kubeconfig: string;
  /** Kubeconfigs of our own processes, each with the rights of the chart's role for it. */
  readonly accounts: Accounts;
  readonly temporalAddress: string;
  readonly temporalUi: string;
  readonly binFolder: string;
  readonly objectStore: ObjectStore;
  readonly workerMetrics: string;
  /** Logs and pid files of our own processes. */
  readonly folder: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackForTests;
  }
}

/** Settings under which the tests run: short waits, so that no test has to wait for time. */
export const TEST_SETTINGS = {
  STILLPOINT_ANSWER_VISIBLE: '1s',
  STILLPOINT_READY_PATIENCE: '5s',
  STILLPOINT_MOVER_RETRY: '1s',
  STILLPOINT_MOVER_ATTEMPTS: '3',
} as const;

// Another name lets two clones test at once.
const STACK_NAME = process.env['STILLPOINT_TEST_STACK'] ?? 'test';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await stackUp(STACK_NAME, (line) => process.stdout.write(`${line}\n`));
  const folder = join(stack.stateFolder, 'stillpoint');
  const env = { ...TEST_SETTINGS, TEMPORAL_ADDRESS: stack.temporalAddress };
  await stopAll(folder);
  const lacking = new Set(missingRights(folder));
  const accounts = await serviceAccounts(stack, folder);
  const start = (program: 'worker' | 'controller') =>
    startOwn({ program, folder, env: { ...env, KUBECONFIG: accounts[program] } });
  const worker = await start('worker');
  await start('controller');
  const { kubeconfig, temporalAddress, temporalUi, binFolder, objectStore } = stack;
  project.provide('stack', {
    kubeconfig,
    accounts,
    temporalAddress,
    temporalUi,
    binFolder,
    objectStore,
    workerMetrics: `${worker.metricsUrl}/metrics`,
    folder,
  });
  return async () => {
    await stopAll(folder);
    // Elsewhere API servers are killed, and a new one refuses everybody until it has read the roles.
    if (project.name === 'stack')
      refuseMissingRights(missingRights(folder).filter((line) => !lacking.has(line)));
  };
}

function refuseMissingRights(lines: readonly string[]): void {
  if (lines.length === 0) return;
  throw new Error(
    `Our processes lack rights that they need; add them in deploy/helm/stillpoint/rbac:\n${lines.join('\n')}`,
  );
}

async function stopAll(folder: string): Promise<void> {
  await Promise.all(ownStarted(folder).map((name) => stopOwn(name, folder)));
}
