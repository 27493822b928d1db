// The scene dead-man: while the application stands still, Temporal, worker and controller are killed. The guard lets it
// go at its deadline; then everything comes back, and the sync that died ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import { stopOwn } from '../own-processes.ts';
import { startService, stopService } from '../stack/faults.ts';
import { quiesce, resume, setTrigger } from './application.ts';
import type { Standstill } from './application.ts';
import { acceptedText, askedText } from './beats.ts';
import { DemoError, expectSoon, sentenceOf } from './failure.ts';
import { apply } from './kubectl.ts';
import { observeCopy, observeGivenUp, observeQuestion, untilNothingIsLeft } from './observe.ts';
import type { Asked, Seen, Watching } from './observe.ts';
import type { Place } from './place.ts';
import { APPLICATION, NAMESPACE, PVC, seedObjects, SOURCE } from './seed.ts';
import { startProgram } from './stage.ts';
import type { Stage } from './stage.ts';
import { seconds } from './story.ts';
import type { ToldSync } from './sync.ts';

export interface DeadMan extends Stage {
  readonly place: Place;
  /** Logs and pid files of our own programs. */
  readonly folder: string;
}

const BOUND = '15s';
const TRIGGER = 'trigger-1';
const TICK_MS = 5_000;
const EVERYBODY = ['worker', 'controller'] as const;

export async function playDeadMan(scene: DeadMan): Promise<Pick<ToldSync, 'workflow'>> {
  const told = new AbortController();
  try {
    const { asked, workflow } = await tellQuestion(scene, told.signal);
    const released = observeGivenUp(scene.cluster, asked, told.signal);
    const standstill = await tellFreeze(scene, asked, told.signal);
    await tellDeath(scene);
    await tellRelease(scene, released, standstill);
    await tellReturn(scene, asked, told.signal);
    return { workflow };
  } finally {
    told.abort();
  }
}

async function tellQuestion(scene: DeadMan, ended: AbortSignal) {
  const { cluster, kubectl, place, folder, tell, temporal } = scene;
  tell.chapter('A sync whose application stands still');
  await startProgram(place, folder, 'guard');
  tell.beat('started', 'guard: it knows Kubernetes alone');
  const question = observeQuestion(cluster, ended);
  await apply(kubectl, seedObjects(['source'], place.seed).map(withSlowCutAndBound));
  const slow = `a storage that takes 4 s for a cut, and stillpoint.dev/freeze-bound: ${BOUND}`;
  tell.beat('sync due', `ReplicationSource ${SOURCE.name} is applied, with ${slow}`);
  const { at, what: asked } = await expectSoon(question, soon('The sync has not asked the application'));
  tell.beat('WaitingForTrigger', askedText(PVC.name, asked.annotations), at);
  const { runId } = await temporal.client.workflow.getHandle(asked.run).describe();
  return { asked, workflow: { id: asked.run, runId } };
}

function withSlowCutAndBound<T extends ReturnType<typeof seedObjects>[number]>(source: T) {
  const { spec } = source as T & { readonly spec: { readonly restic: object } };
  return {
    ...source,
    metadata: { ...source.metadata, annotations: { 'stillpoint.dev/freeze-bound': BOUND } },
    spec: { ...spec, restic: { ...spec.restic, volumeSnapshotClassName: 'dir-slow-cut' } },
  };
}

async function tellFreeze(scene: DeadMan, asked: Asked, ended: AbortSignal): Promise<Standstill> {
  const { accepted, snapshot } = observeCopy(scene.cluster, { ...asked, trigger: TRIGGER }, ended);
  const standstill = await quiesce(scene);
  await setTrigger(scene, TRIGGER, standstill);
  const { at, what } = await expectSoon(accepted, soon(`${TRIGGER} was not accepted`));
  scene.tell.beat('InProgress', acceptedText(TRIGGER, what), at);
  const copy = await expectSoon(snapshot, soon('No VolumeSnapshot was created'));
  scene.tell.beat('copy', `VolumeSnapshot ${copy.what.metadata.name} is created, and not cut yet`, copy.at);
  return standstill;
}

async function tellDeath({ place, folder, tell }: DeadMan): Promise<void> {
  tell.chapter('Everything dies');
  const { stack } = place;
  if (stack === undefined) throw new DemoError('This scene plays on the local stack only.');
  await Promise.all([
    stopService(stack, 'temporal'),
    ...EVERYBODY.map((program) => stopOwn(program, folder, 'SIGKILL')),
  ]);
  tell.beat('killed', 'Temporal, worker and controller, by SIGKILL, and nobody starts them again');
  tell.beat('', 'the application stands still, and whoever was to release it is dead');
}

async function tellRelease(
  scene: DeadMan,
  released: Watching<Annotations>,
  standstill: Standstill,
): Promise<void> {
  const { tell, kubectl } = scene;
  const clock = setInterval(
    () => tell.beat('still', `for ${seconds(Date.now() - standstill.since.getTime())}`),
    TICK_MS,
  );
  const { at, what } = await expectSoon(released, soon('The guard has not let the application go')).finally(
    () => clearInterval(clock),
  );
  tell.beat('Failed', `${what[ANNOTATIONS.latestCopyError]}`, at);
  await resume(scene);
  const freeze = seconds(at.getTime() - standstill.since.getTime());
  tell.beat('', `it stood still for ${freeze}; the guard waits 2 s beyond the deadline, for clocks differ`);
  const last = await kubectl([
    '-n',
    NAMESPACE,
    'exec',
    APPLICATION,
    '--',
    'tail',
    '-n',
    '1',
    '/data/records',
  ]);
  tell.beat('writing', `the application goes on: its last record is "${last.trim()}"`);
}

async function tellReturn(scene: DeadMan, { run }: Asked, ended: AbortSignal): Promise<void> {
  const { cluster, place, folder, tell } = scene;
  tell.chapter('Everything comes back');
  await startService(place.stack ?? '', 'temporal');
  await Promise.all(
    EVERYBODY.map((program) => startWhenTemporalAnswers(() => startProgram(place, folder, program))),
  );
  tell.beat('started', 'Temporal, worker and controller');
  const end = await expectSoon(endOf(scene, run), soon('The sync that had died has not ended'));
  tell.beat('ended', `the sync that had died: ${end.what}`, end.at);
  await expectSoon(untilNothingIsLeft(cluster, run, ended), soon('Not all objects of the sync were removed'));
  tell.beat('gone', `its copy, too: ${TRIGGER} is used up, and no copy of it is ever carried away`);
}

async function startWhenTemporalAnswers(start: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      await start();
      return;
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
}

/** In one sentence. */
async function endOf({ temporal }: DeadMan, run: string): Promise<Seen<string>> {
  for (;;)
    try {
      await temporal.client.workflow.getHandle(run).result();
      throw new DemoError(`The sync ${run} succeeded, though its application was let go without a copy.`);
    } catch (error) {
      if (error instanceof DemoError) throw error;
      if (!isGrpcServiceError(error)) return { at: new Date(), what: sentenceOf(error) };
      await sleep(RETRY_MS);
    }
}

const START_ATTEMPTS = 30;
const RETRY_MS = 500;

function soon(otherwise: string) {
  return { otherwise, seconds: 90, failed: new AbortController().signal };
}
