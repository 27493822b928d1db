// Copies of a database's volume: where the volume is, how each copy went, and its restored files.
import { join } from 'node:path';
import { inject } from 'vitest';
import { trixiePackages } from '../../tools/images/trixie-packages.ts';
import { layoutOf } from '../../tools/stack/layout.ts';
import { run } from '../../tools/stack/shell.ts';
import { stackName } from '../stack-faults/scenario.ts';
import type { AgentProcess } from './agent-process.ts';
import { latestRun } from './window-scenario.ts';
import type { Application } from './world.ts';

/** One copy as the application saw it; times by this machine's clock. */
export interface Taken {
  readonly run: string;
  readonly snapshotId: string;
  readonly quiescingAt: number;
  readonly quiescedAt: number;
  readonly letGoAt: number;
  readonly runsAt: number;
}

/** The next copy, once its data is moved. The agent's log says when the application stood still. */
export async function copied(
  application: Application,
  agent: AgentProcess,
  earlier: readonly Taken[],
): Promise<Taken> {
  const run = await latestRun(application, earlier.at(-1)?.run);
  const { moved } = await application.report(run);
  const nth = (msg: string, skipped = 0): number =>
    Date.parse(agent.lines().filter((line) => line.msg === msg)[earlier.length + skipped]?.time ?? '');
  return {
    run,
    snapshotId: moved.snapshotId ?? '',
    quiescingAt: nth('quiescing'),
    quiescedAt: nth('quiesced, setting the trigger'),
    // The first of each is that of the start.
    letGoAt: nth('letting the application go', 1),
    runsAt: nth('the application runs', 1),
  };
}

/** The files of the volume as they were copied. */
export async function restore({ namespace }: Application, snapshotId: string, target: string): Promise<void> {
  const { endpointFromHost, accessKey, secretKey } = inject('stack').objectStore;
  const packages = await trixiePackages({ name: 'restic', packages: ['restic'] }, console.error);
  const environment = {
    ...process.env,
    RESTIC_REPOSITORY: `s3:${endpointFromHost}/repositories/${namespace}/restic-secret`,
    RESTIC_PASSWORD: 'a password of this test',
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
  };
  const restic = join(packages, 'usr/bin/restic');
  await run(restic, ['--no-cache', '--no-lock', 'restore', snapshotId, '--target', target], { environment });
}

/** Where the CSI driver keeps what the pvc holds. */
export async function folderOf(application: Application): Promise<string> {
  const { volumeName = '' } = (await application.world.cluster.pvcs.get(application.pvc))?.spec ?? {};
  const id = await application.kubectl('get', 'pv', volumeName, '--output=jsonpath={.spec.csi.volumeHandle}');
  return join(layoutOf(stackName()).state, 'volumes', 'volumes', id, 'data');
}

/** In words, for the log of the test. */
export function freezesOf(copies: readonly Taken[]): string {
  const freezes = copies
    .map(({ quiescingAt, runsAt }) => runsAt - quiescingAt)
    .toSorted((one, other) => one - other);
  const p50 = freezes[Math.floor((freezes.length - 1) / 2)] ?? 0;
  return `${copies.length} copies, freeze p50 ${p50} ms, max ${freezes.at(-1) ?? 0} ms`;
}
