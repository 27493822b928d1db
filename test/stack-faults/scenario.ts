// What the tests of faults share: a sync that waits for its trigger, and how it ends well all the same.
import { basename, dirname } from 'node:path';
import { expect, inject } from 'vitest';
import type { ReplicationSourceSpec } from '../../api/replication-source.ts';
import { until } from '../../activities/watching.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { answersOf, asks } from '../stack/window-scenario.ts';
import type { Answer } from '../stack/window-scenario.ts';
import { Application, statusesOf } from '../stack/world.ts';
import type { World } from '../stack/world.ts';

type Restic = NonNullable<ReplicationSourceSpec['restic']>;

export interface WaitingSync {
  readonly application: Application;
  /** Its workflow id. */
  readonly run: string;
  /** What the application's owner sees from now on. */
  readonly statuses: readonly string[];
  readonly answers: readonly Answer[];
}

/** Name of the stack: its folder has it, and holds the kubeconfig. */
export function stackName(): string {
  return basename(dirname(inject('stack').kubeconfig));
}

/** An application that opted in and has data to move. */
export async function installed(world: World): Promise<Application> {
  const application = new Application(world);
  await application.install({ [A.useCopyTrigger]: '' });
  await application.shell('echo one > /data/records; sync');
  return application;
}

/** Its first sync, once it has asked. */
export async function asked(application: Application, restic: Restic = {}): Promise<WaitingSync> {
  const { run } = await asks(application, restic);
  return { application, run, statuses: statusesOf(application), answers: answersOf(application) };
}

/** A sync that has asked its application, which has data to move. */
export async function waiting(world: World, restic: Restic = {}): Promise<WaitingSync> {
  return asked(await installed(world), restic);
}

/** The sync ends well: its trigger answered once, its data moved, nothing left. */
export async function endsWell(
  { application, run, statuses, answers }: WaitingSync,
  trigger: string,
): Promise<void> {
  const report = await application.report(run);
  expect(report.copy).toMatchObject({ trigger });
  expect(report.moved.snapshotId).toMatch(/^[0-9a-f]{64}$/);
  expect(answers.map(({ status, trigger: answered }) => [status, answered])).toEqual([
    ['Completed', trigger],
  ]);
  expect(statuses).toEqual(['WaitingForTrigger', 'InProgress', 'Completed']);
  expect(await application.temporaryObjects()).toEqual([]);
  await application.remove();
}

/** Uids of the mover's Jobs in the application's namespace, from now on. */
export function moversOf({ world, namespace }: Application): ReadonlySet<string> {
  const uids = new Set<string>();
  world.cluster.jobs.watch().subscribe((ref, job) => {
    if (ref.namespace === namespace && job?.metadata.uid !== undefined) uids.add(job.metadata.uid);
  });
  return uids;
}

/** The uid of the mover's Job, once it stands there. */
export async function moverJob({ world, namespace }: Application): Promise<string> {
  const watch = world.cluster.jobs.watch();
  return until([watch], () => watch.list(namespace)[0]?.metadata.uid, AbortSignal.timeout(60_000));
}
