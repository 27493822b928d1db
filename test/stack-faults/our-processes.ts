// Our own worker and controller, killed and started anew; global-setup.ts has started one of each.
import { inject } from 'vitest';
import { ownStarted, startOwn, stopOwn } from '../../tools/own-processes.ts';
import type { OwnProcess, Program } from '../../tools/own-processes.ts';
import { TEST_SETTINGS } from '../stack/global-setup.ts';

export type Environment = Readonly<Record<string, string>>;

/** Starts one more of the program, or the one that was killed under this name. */
export async function startOurs(
  program: Program,
  name: string = program,
  over: Environment = {},
): Promise<OwnProcess> {
  const { folder, accounts, temporalAddress } = inject('stack');
  const env = { ...TEST_SETTINGS, KUBECONFIG: accounts[program], TEMPORAL_ADDRESS: temporalAddress, ...over };
  return startOwn({ program, name, folder, env });
}

/** As a power cut would. */
export async function killOurs(name: string): Promise<void> {
  await stopOwn(name, inject('stack').folder, 'SIGKILL');
}

/** One worker and one controller, with these settings, in place of all that run now. */
export async function startBothAnew(over: Environment = {}): Promise<void> {
  await Promise.all(ownStarted(inject('stack').folder).map(killOurs));
  await Promise.all([startOurs('worker', 'worker', over), startOurs('controller', 'controller', over)]);
}
