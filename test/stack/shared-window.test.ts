// Several sources of one pvc in one window: whoever of them dies, fails or is late, the application is let go once, and
// never before every copy that was promised is cut (rows 3, 5, 6, 7 and 9 of the table in docs/protocol.md).
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import {
  PATIENCE,
  aWaitingSync,
  answersOf,
  createSecret,
  latestRun,
  nothingStays,
  reasonOfFailure,
  windowIn,
} from './window-scenario.ts';
import type { Answer } from './window-scenario.ts';
import { openWorld } from './world.ts';
import type { Application, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Restic = Readonly<Record<string, unknown>>;

const SLOW_CUT = { volumeSnapshotClassName: 'dir-slow-cut' };
const NEVER_CUTS = { volumeSnapshotClassName: 'dir-fail' };
const SLOW_READY = { volumeSnapshotClassName: 'dir-slow-ready' };
const SHORT_FREEZE = { 'stillpoint.dev/freeze-bound': '10s' };

const DEATHS = [
  ['cancelled', 'cancel', 'first'],
  ['cancelled', 'cancel', 'second'],
  ['terminated', 'terminate', 'first'],
  ['terminated', 'terminate', 'second'],
] as const;

describe.concurrent('two syncs in one window, of which one', () => {
  it.each(DEATHS)(
    'is %s while both are asked (%s, the %s): the other one is answered (rows 9 and 6)',
    async (_, how, who) => {
      const pair = await aPair();
      const { dying, living } = pair.as(who);
      await world.temporal.workflow.getHandle(dying)[how]();
      const left = await pair.application.copyStatus(
        'WaitingForTrigger',
        (now) => windowIn(now)?.runs.length === 1,
      );
      expect(windowIn(left)?.runs).toEqual([living]);
      await pair.application.setTrigger('for one');
      await answeredOnce(pair, living, 'for one');
    },
  );

  it.each(DEATHS)(
    'is %s while both stand in the freeze (%s, the %s): the other one is answered (rows 7 and 6)',
    async (_, how, who) => {
      const pair = await aPair(SLOW_CUT, SLOW_CUT);
      const { dying, living } = pair.as(who);
      await pair.application.setTrigger('for one');
      await pair.application.copyStatus('InProgress');
      await world.temporal.workflow.getHandle(dying)[how]();
      await answeredOnce(pair, living, 'for one');
    },
  );

  it.each(DEATHS)(
    'is %s once the application is released (%s, the %s): the other one’s data is moved',
    async (_, how, who) => {
      const pair = await aPair(SLOW_READY, SLOW_READY);
      const { dying, living } = pair.as(who);
      await pair.application.setTrigger('for both');
      await pair.application.copyStatus('Completed');
      await world.temporal.workflow.getHandle(dying)[how]();
      await answeredOnce(pair, living, 'for both');
    },
  );

  it('belongs to a source that is deleted while both are asked: the other one is answered (rows 9 and 6)', async () => {
    const pair = await aPair();
    await world.cluster.sources.delete(pair.other);
    await pair.application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 1);
    await pair.application.setTrigger('for one');
    await answeredOnce(pair, pair.first, 'for one');
  });

  it('belongs to a source that is deleted while both stand in the freeze: the other one is answered (rows 7 and 6)', async () => {
    const pair = await aPair(SLOW_CUT, SLOW_CUT);
    await pair.application.setTrigger('for one');
    await pair.application.copyStatus('InProgress');
    await world.cluster.sources.delete(pair.other);
    await answeredOnce(pair, pair.first, 'for one');
  });

  it.each(['first', 'second'] as const)(
    'has a copy that is cut late, the %s: nobody is released before both are cut (row 6)',
    async (late) => {
      const [one, other] = late === 'first' ? [SLOW_CUT, {}] : [{}, SLOW_CUT];
      const pair = await aPair(one, other);
      await pair.application.setTrigger('patient');
      await pair.application.copyStatus('Completed');
      const snapshots = await world.cluster.volumeSnapshots.list({ namespace: pair.application.namespace });
      expect(snapshots.map(({ status }) => status?.creationTime)).toEqual([
        expect.any(String),
        expect.any(String),
      ]);
      await Promise.all([pair.application.report(pair.first), pair.application.report(pair.second)]);
      expect(pair.answers).toMatchObject([{ status: 'Completed', trigger: 'patient' }]);
    },
  );

  it.each(['first', 'second'] as const)(
    'has a copy that is never cut, the %s: both fail before release-by, and the trigger is answered once (row 7)',
    async (failing) => {
      const [one, other] = failing === 'first' ? [NEVER_CUTS, {}] : [{}, NEVER_CUTS];
      const pair = await aPair(one, other, SHORT_FREEZE);
      const { application, first, second } = pair;
      await application.setTrigger('in vain');
      expect(await Promise.all([first, second].map((run) => reasonOfFailure(application, run)))).toEqual([
        'FreezeBoundExceeded',
        'FreezeBoundExceeded',
      ]);
      expect(pair.answers).toMatchObject([{ status: 'Failed', trigger: 'in vain' }]);
      await nothingStays(application);
    },
  );
});

describe.concurrent('several syncs in one window', () => {
  it('all die while the application stands still: it is told Failed, once (row 7)', async () => {
    const pair = await aPair(NEVER_CUTS, NEVER_CUTS);
    await pair.application.setTrigger('in vain');
    await pair.application.copyStatus('InProgress');
    await Promise.all(
      [pair.first, pair.second].map((run) => world.temporal.workflow.getHandle(run).terminate()),
    );
    expect((await pair.application.copyStatus('Failed'))[A.latestCopyError]).toMatch(/^SyncEnded: /);
    expect(pair.answers).toMatchObject([{ status: 'Failed', trigger: 'in vain' }]);
    await nothingStays(pair.application);
  });

  it('copy together when a person proceeds with one of them (rows 3, 5 and 6)', async () => {
    const { application, first, second, answers } = await aPair();
    const word = { by: 'ada', reason: 'the agent is broken' };
    await world.temporal.workflow.getHandle(second).executeUpdate('proceed', { args: [word] });
    const reports = await Promise.all([application.report(first), application.report(second)]);
    expect(reports).toMatchObject([{ copy: { by: 'ada' } }, { copy: { by: 'ada' } }]);
    expect(answers).toMatchObject([{ status: 'Completed', trigger: undefined }]);
  });

  it('write to the pvc once each, and twice together, however many they are (rows 1, 3, 4 and 6)', async () => {
    const { application, run } = await aWaitingSync(world, SLOW_CUT);
    const answers = answersOf(application);
    const writes = writesOf(application);
    const others = await Promise.all(
      ['second', 'third', 'fourth'].map((name) => aSource(application, name, { restic: SLOW_CUT })),
    );
    await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 4);
    const runs = await Promise.all(others.map((source) => latestRun({ world, source })));
    await application.setTrigger('for four');
    await Promise.all([run, ...runs].map((each) => application.report(each)));
    expect(answers).toMatchObject([{ status: 'Completed', trigger: 'for four' }]);
    // The three that join, the acceptance, the answer; the question was before.
    expect(writes).toHaveLength(5);
    await nothingStays(application);
  });

  it('are each answered in a window of their own or together, when one joins at the last moment (rows 2, 3 and 6)', async () => {
    const { application, run } = await aWaitingSync(world);
    const answers = answersOf(application);
    const [other] = await Promise.all([
      aSource(application, 'late', { restic: {} }),
      application.setTrigger('t1'),
    ]);
    await application.report(run);
    const otherRun = await latestRun({ world, source: other });
    const alone = async () => (await asksNow(application)) || isOver(otherRun);
    await vi.waitUntil(alone, PATIENCE);
    if (await asksNow(application)) await application.setTrigger('t2');
    await application.report(otherRun);
    const triggers = answers.map(({ trigger }) => trigger);
    expect(answers.every(({ status }) => status === 'Completed')).toBe(true);
    expect(['t1', 't1 t2']).toContain(triggers.join(' '));
  });
});

interface Pair {
  readonly application: Application;
  readonly first: string;
  readonly second: string;
  /** The source of the second one. */
  readonly other: ObjectRef;
  readonly answers: readonly Answer[];
  as(dying: 'first' | 'second'): { readonly dying: string; readonly living: string };
}

/** Two syncs that wait in one window. */
async function aPair(one: Restic = {}, another: Restic = {}, annotations = {}): Promise<Pair> {
  const { application, run } = await aWaitingSync(world, one, annotations);
  const answers = answersOf(application);
  const other = await aSource(application, 'other-rs', { restic: another, annotations });
  await application.copyStatus('WaitingForTrigger', (now) => windowIn(now)?.runs.length === 2);
  const second = await latestRun({ world, source: other });
  const as = (who: 'first' | 'second') =>
    who === 'first' ? { dying: run, living: second } : { dying: second, living: run };
  return { application, first: run, second, other, answers, as };
}

/** One more source of the application's pvc, with a repository of its own. */
async function aSource(
  application: Application,
  name: string,
  { restic, annotations = {} }: { readonly restic: Restic; readonly annotations?: Record<string, string> },
): Promise<ObjectRef> {
  const { namespace, pvc } = application;
  await createSecret({ world, namespace }, `${name}-secret`);
  await world.cluster.sources.create({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { namespace, name, annotations },
    spec: {
      sourcePVC: pvc.name,
      trigger: { schedule: '0 0 29 2 *' },
      restic: { repository: `${name}-secret`, cacheCapacity: '1Gi', copyMethod: 'Snapshot', ...restic },
    },
  });
  return { namespace, name };
}

async function answeredOnce({ application, answers }: Pair, living: string, trigger: string): Promise<void> {
  expect((await application.report(living)).copy).toMatchObject({ trigger });
  expect(answers).toMatchObject([{ status: 'Completed', trigger }]);
  await nothingStays(application);
}

const OURS = [
  A.copyWindow,
  A.latestCopyStatus,
  A.latestCopyTrigger,
  A.waitingSince,
  A.releaseBy,
  A.latestCopyError,
];

/** Every write of ours to the pvc from now on, as what stood there afterwards. */
function writesOf({ pvc }: Application): readonly string[] {
  const shown = (annotations: Readonly<Record<string, string>> = {}) =>
    JSON.stringify(OURS.map((key) => annotations[key]));
  const watch = world.cluster.pvcs.watch();
  let last = shown(watch.get(pvc)?.metadata.annotations);
  const writes: string[] = [];
  watch.subscribe((ref, changed) => {
    if (ref.namespace !== pvc.namespace || ref.name !== pvc.name || changed === undefined) return;
    const now = shown(changed.metadata.annotations);
    if (now !== last) writes.push(now);
    last = now;
  });
  return writes;
}

async function asksNow({ pvc }: Application): Promise<boolean> {
  const found = await world.cluster.pvcs.get(pvc);
  return found?.metadata.annotations?.[A.latestCopyStatus] === 'WaitingForTrigger';
}

async function isOver(run: string): Promise<boolean> {
  return (await world.temporal.workflow.getHandle(run).describe()).status.name !== 'RUNNING';
}
