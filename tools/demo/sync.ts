// One sync, told as it happens. The demo plays the application's owner: quiesces, sets the trigger, resumes.
import type { Pod } from '../../api/kubernetes.ts';
import type { SyncReport } from '../../api/sync.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { restic } from '../../movers/restic.ts';
import { acceptedText, askedText, completedText, moverText, reportedText } from './beats.ts';
import { DemoError, expectSoon, sentenceOf, whyStuck } from './failure.ts';
import { observeCopy, observeFailure, observeQuestion, untilNothingIsLeft } from './observe.ts';
import type { Asked, Seen, Watching } from './observe.ts';
import { parseLastNumber } from './records.ts';
import { APPLICATION, NAMESPACE, PVC } from './seed.ts';
import type { Stage } from './stage.ts';

/** A sync as the demo has seen it. */
export interface ToldSync {
  readonly workflow: { readonly id: string; readonly runId: string };
  /** Number of the last record before the application stood still. */
  readonly quiescedAfter: number;
  readonly report: SyncReport;
}

export interface Telling {
  readonly trigger: string;
  /** Makes the sync due. */
  readonly due: () => Promise<void>;
}

export async function tellSync(stage: Stage, { trigger, due }: Telling): Promise<ToldSync> {
  const told = new AbortController();
  const failed = observeFailure(stage.cluster, told.signal);
  const scene = { ...stage, trigger, failed: failed.signal, ended: told.signal };
  try {
    const question = observeQuestion(stage.cluster, told.signal);
    await due();
    const asked = await expectSoon(question, soon(scene, 'The sync has not asked the application'));
    const workflow = await tellQuestion(scene, asked);
    const result = resultOf(scene, asked.what.run, failed);
    const quiescedAfter = await tellCopy(scene, asked.what);
    const report = await tellMove(scene, asked.what, result);
    return { workflow, quiescedAfter, report };
  } finally {
    told.abort();
  }
}

interface Scene extends Stage {
  readonly trigger: string;
  readonly failed: AbortSignal;
  readonly ended: AbortSignal;
}

async function tellQuestion({ temporal, tell }: Scene, { at, what }: Seen<Asked>) {
  const { runId } = await temporal.client.workflow.getHandle(what.run).describe();
  tell.beat('WaitingForTrigger', askedText(PVC.name, what.annotations), at);
  tell.beat('', `this sync is the workflow ${what.run}`, at);
  return { id: what.run, runId };
}

// From the application's standstill to its release.
async function tellCopy(scene: Scene, asked: Asked): Promise<number> {
  const { cluster, tell, trigger } = scene;
  refuseEarlyCopy(cluster);
  const { last, quiescedAt } = await quiesce(scene);
  refuseEarlyCopy(cluster);
  const seen = observeCopy(cluster, { ...asked, trigger }, scene.ended);
  await setTrigger(scene, quiescedAt);
  const triggered = await expectSoon(seen.triggered, soon(scene, `The watch has not shown ${trigger}`));
  tell.beat('copy-trigger', `${trigger} stands on ${PVC.name}: copy now`, triggered.at);
  const accepted = await expectSoon(seen.accepted, soon(scene, `${trigger} was not accepted`));
  tell.beat('InProgress', acceptedText(trigger, accepted.what), accepted.at);
  const snapshot = await expectSoon(seen.snapshot, soon(scene, 'No VolumeSnapshot was created'));
  tell.beat('copy', `VolumeSnapshot ${snapshot.what.metadata.name} is created`, snapshot.at);
  const cut = await expectSoon(seen.cut, soon(scene, 'The storage has not cut the snapshot'));
  tell.beat('cut', 'the storage has fixed the image', cut.at);
  const completed = await expectSoon(seen.completed, soon(scene, `${trigger} was not answered`));
  const frozen = { quiescedAt, triggeredAt: triggered.at, completedAt: completed.at };
  tell.beat('Completed', completedText(trigger, frozen), completed.at);
  await resume(scene);
  void tellMover(scene, seen.moverStarted);
  return last;
}

// `quiesced-at` is optional: with it the reported freeze is exact.
async function setTrigger({ kubectl, tell, trigger }: Scene, quiescedAt: Date): Promise<void> {
  const annotate = ['-n', NAMESPACE, 'annotate', 'pvc', PVC.name, '--overwrite'];
  const set = `${ANNOTATIONS.copyTrigger}=${trigger}`;
  const since = `${ANNOTATIONS.quiescedAt}=${quiescedAt.toISOString()}`;
  tell.command(`kubectl ${annotate.join(' ')}`, set, since);
  await kubectl([...annotate, set, since]);
}

// Invariant 1, seen from outside.
function refuseEarlyCopy({ volumeSnapshots }: Cluster): void {
  const early = volumeSnapshots.watch().list(NAMESPACE)[0];
  if (early !== undefined)
    throw new DemoError(`VolumeSnapshot ${early.metadata.name} exists although nobody has set a trigger.`);
}

async function quiesce({ kubectl, tell }: Scene): Promise<{ last: number; quiescedAt: Date }> {
  tell.command(`kubectl ${askRecords('quiesce').join(' ')}`);
  const answer = await kubectl(askRecords('quiesce'));
  const quiescedAt = new Date();
  const last = parseLastNumber(answer);
  if (last === undefined)
    throw new DemoError(`The application answered "${answer.trim()}" to quiesce, not a number.`);
  tell.beat('quiesced', `the application stands still, its last record is number ${last}`, quiescedAt);
  return { last, quiescedAt };
}

async function resume({ kubectl, tell }: Scene): Promise<void> {
  tell.command(`kubectl ${askRecords('resume').join(' ')}`);
  await kubectl(askRecords('resume'));
  tell.beat('resumed', 'the application writes again, before any data has moved');
}

function askRecords(word: 'quiesce' | 'resume'): readonly string[] {
  return ['-n', NAMESPACE, 'exec', APPLICATION, '--', 'sh', '/app/records.sh', word];
}

// Runs beside the wait for the result: a log that cannot be followed spoils no sync.
async function tellMover({ cluster, tell, ended }: Scene, started: Watching<Pod>) {
  const { at, what } = await started;
  const pod = { namespace: NAMESPACE, name: what.metadata.name };
  tell.beat('mover', `pod ${pod.name} runs on the copy`, at);
  try {
    for await (const line of cluster.followLog(pod, restic.container, { signal: ended })) {
      const text = moverText(line);
      if (text !== undefined) tell.beat('mover', text);
    }
  } catch (error) {
    if (!ended.aborted) tell.beat('mover', `its log cannot be followed: ${sentenceOf(error)}`);
  }
}

async function tellMove(scene: Scene, { run }: Asked, result: Promise<SyncReport>): Promise<SyncReport> {
  const { cluster, temporal, tell, ended } = scene;
  const report = await expectSoon(result, {
    ...soon(scene, 'The sync has not been reported'),
    seconds: 180,
  }).catch(async (error: unknown) => {
    const why = await whyStuck(temporal, run).catch(() => undefined);
    throw why === undefined ? error : new DemoError(`${sentenceOf(error)} Its last failure was: ${why}`);
  });
  tell.beat('reported', reportedText(report));
  await expectSoon(
    untilNothingIsLeft(cluster, run, ended),
    soon(scene, 'Not all objects of the sync were removed'),
  );
  tell.beat(
    'gone',
    'no VolumeSnapshot, PVC, Job or pod of this sync is left; the cache stays for the next one',
  );
  return report;
}

function resultOf({ temporal }: Scene, run: string, failed: AbortController): Promise<SyncReport> {
  const result = temporal.client.workflow.getHandle(run).result() as Promise<SyncReport>;
  result.catch((error: unknown) => failed.abort(new DemoError(`The sync failed: ${sentenceOf(error)}`)));
  return result;
}

function soon({ failed }: Scene, otherwise: string) {
  return { otherwise, seconds: 60, failed };
}
