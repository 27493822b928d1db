// One sync, told as it happens.
import type { Pod } from '../../api/kubernetes.ts';
import type { SyncReport } from '../../api/sync.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { resticSource } from '../../movers/restic.ts';
import { quiesce, resume, setTrigger } from './application.ts';
import type { Standstill } from './application.ts';
import { acceptedText, askedText, completedText, moverText, reportedText } from './beats.ts';
import { DemoError, expectSoon, sentenceOf, whyStuck } from './failure.ts';
import { observeCopy, observeFailure, observeQuestion, untilNothingIsLeft } from './observe.ts';
import type { Asked, Observed, Seen } from './observe.ts';
import { NAMESPACE, PVC } from './seed.ts';
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
  const failing = observeFailure(stage.cluster, told.signal);
  const scene = { ...stage, trigger, failing, ended: told.signal };
  try {
    const question = observeQuestion(stage.cluster, told.signal);
    await due();
    const asked = await expectSoon(question, soon(scene, 'The sync has not asked the application'));
    const workflow = await tellQuestion(scene, asked);
    const answered = tellAnswer(scene, asked.what).catch((error: unknown) =>
      explain(scene, workflow.id, error),
    );
    return { workflow, ...(await answered) };
  } finally {
    told.abort();
  }
}

async function tellAnswer(scene: Scene, asked: Asked): Promise<Omit<ToldSync, 'workflow'>> {
  const result = resultOf(scene, asked.run);
  const seen = observeCopy(scene.cluster, { ...asked, trigger: scene.trigger }, scene.ended);
  const standstill = await quiesce(scene);
  await tellCopy(scene, seen, standstill).finally(() => resume(scene));
  const report = await tellMove(scene, seen, { run: asked.run, result });
  return { quiescedAfter: standstill.lastRecord, report };
}

interface Scene extends Stage {
  readonly trigger: string;
  /** Aborted with a DemoError when nothing more is to be expected of the sync. */
  readonly failing: AbortController;
  readonly ended: AbortSignal;
}

async function tellQuestion({ temporal, tell }: Scene, { at, what }: Seen<Asked>) {
  const { runId } = await temporal.client.workflow.getHandle(what.run).describe();
  tell.beat('WaitingForTrigger', askedText(PVC.name, what.annotations), at);
  tell.beat('', `this sync is the workflow ${what.run}`, at);
  return { id: what.run, runId };
}

// From the application's standstill to its release.
async function tellCopy(scene: Scene, seen: Observed, standstill: Standstill): Promise<void> {
  const { cluster, tell, trigger } = scene;
  refuseEarlyCopy(cluster);
  await setTrigger(scene, trigger, standstill);
  const triggered = await expectSoon(seen.triggered, soon(scene, `The watch has not shown ${trigger}`));
  tell.beat('copy-trigger', `${trigger} stands on ${PVC.name}: copy now`, triggered.at);
  const accepted = await expectSoon(seen.accepted, soon(scene, `${trigger} was not accepted`));
  tell.beat('InProgress', acceptedText(trigger, accepted.what), accepted.at);
  const snapshot = await expectSoon(seen.snapshot, soon(scene, 'No VolumeSnapshot was created'));
  tell.beat('copy', `VolumeSnapshot ${snapshot.what.metadata.name} is created`, snapshot.at);
  const cut = await expectSoon(seen.cut, soon(scene, 'The storage has not cut the snapshot'));
  tell.beat('cut', 'the storage has fixed the image', cut.at);
  const completed = await expectSoon(seen.completed, soon(scene, `${trigger} was not answered`));
  const frozen = { quiescedAt: standstill.since, triggeredAt: triggered.at, completedAt: completed.at };
  tell.beat('Completed', completedText(trigger, frozen), completed.at);
}

// Invariant 1, seen from outside.
function refuseEarlyCopy({ volumeSnapshots }: Cluster): void {
  const early = volumeSnapshots.watch().list(NAMESPACE)[0];
  if (early !== undefined)
    throw new DemoError(`VolumeSnapshot ${early.metadata.name} exists although nobody has set a trigger.`);
}

interface Moving {
  readonly run: string;
  readonly result: Promise<SyncReport>;
}

async function tellMove(scene: Scene, seen: Observed, { run, result }: Moving): Promise<SyncReport> {
  const { cluster, tell, failing, ended } = scene;
  void seen.moverStarted.then((started) => tellMover(scene, started));
  void seen.moverFailed.then(({ what: exitCode }) =>
    failing.abort(new DemoError(`The mover failed with exit code ${exitCode}, as its log above says.`)),
  );
  const report = await expectSoon(result, { ...soon(scene, 'The sync has not ended'), seconds: 180 });
  const { at } = await expectSoon(seen.reported, soon(scene, 'The status of the source has not changed'));
  tell.beat('reported', reportedText(report), at);
  const nothingLeft = untilNothingIsLeft(cluster, run, ended);
  await expectSoon(nothingLeft, soon(scene, 'Not all objects of the sync were removed'));
  tell.beat(
    'gone',
    'no VolumeSnapshot, PVC, Job or pod of this sync is left; the cache stays for the next one',
  );
  return report;
}

// Runs beside the wait for the result: a log that cannot be followed spoils no sync.
async function tellMover({ cluster, tell, ended }: Scene, { at, what }: Seen<Pod>): Promise<void> {
  const pod = { namespace: NAMESPACE, name: what.metadata.name };
  tell.beat('mover', `pod ${pod.name} runs on the copy`, at);
  try {
    for await (const line of cluster.followLog(pod, resticSource({}).container, { signal: ended })) {
      const text = moverText(line);
      if (text !== undefined) tell.beat('mover', text);
    }
  } catch (error) {
    if (!ended.aborted) tell.beat('mover', `its log cannot be followed: ${sentenceOf(error)}`);
  }
}

function resultOf({ temporal, failing }: Scene, run: string): Promise<SyncReport> {
  const result = temporal.client.workflow.getHandle(run).result() as Promise<SyncReport>;
  result.catch((error: unknown) => failing.abort(new DemoError(`The sync failed: ${sentenceOf(error)}`)));
  return result;
}

// A sync that does not get on is retried without an end: Temporal knows what it stumbles over.
async function explain({ temporal, failing }: Scene, run: string, error: unknown): Promise<never> {
  if (failing.signal.aborted) throw error;
  const why = await whyStuck(temporal, run).catch(() => undefined);
  throw why === undefined ? error : new DemoError(`${sentenceOf(error)} Its last failure was: ${why}`);
}

function soon({ failing }: Scene, otherwise: string) {
  return { otherwise, seconds: 60, failed: failing.signal };
}
