// One stack for all real-stack tests, with one worker and one controller; each test has a namespace of its own.
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ownStarted, startOwn, stopOwn } from '../../tools/own-processes.ts';
import type { ObjectStore } from '../../tools/stack/stack.ts';
import { stackUp } from '../../tools/stack/up.ts';

export interface StackForTests {
  readonly kubeconfig: string;
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
  const env = { ...TEST_SETTINGS, KUBECONFIG: stack.kubeconfig, TEMPORAL_ADDRESS: stack.temporalAddress };
  await stopAll(folder);
  const worker = await startOwn({ program: 'worker', folder, env });
  await startOwn({ program: 'controller', folder, env });
  const { kubeconfig, temporalAddress, temporalUi, binFolder, objectStore } = stack;
  project.provide('stack', {
    kubeconfig,
    temporalAddress,
    temporalUi,
    binFolder,
    objectStore,
    workerMetrics: `${worker.metricsUrl}/metrics`,
    folder,
  });
  return () => stopAll(folder);
}

async function stopAll(folder: string): Promise<void> {
  await Promise.all(ownStarted(folder).map((name) => stopOwn(name, folder)));
}
