// Following a mover through orders of events that a real cluster does not show at will; the fakes stand at our
// own seam, `Cluster`. What a mover's whole life looks like is test/stack/mover-life.test.ts.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job, KubernetesObject, ObjectRef, Pod } from '../../api/kubernetes.ts';
import type { SyncContext } from '../../activities/context.ts';
import { followMover } from '../../activities/mover-follow.ts';
import type { MoverTask } from '../../activities/mover-task.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { resticSource } from '../../movers/restic.ts';
import { createLog } from '../../telemetry/log.ts';

const NOW = Date.parse('2026-07-02T10:00:00Z');
const JOB: Job = {
  metadata: {
    namespace: 'shop',
    name: 'volsync-src-orders',
    uid: 'job-1',
    creationTimestamp: '2026-07-02T10:00:00Z',
  },
  spec: { template: { spec: {} } },
};
const SUMMARY =
  '{"message_type":"summary","snapshot_id":"abc","total_bytes_processed":9,"total_files_processed":1}';
const PROGRESS = '{"message_type":"status","percent_done":0.5,"bytes_done":4}';

type FollowLog = Cluster['followLog'];

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('a mover that an earlier worker has started', () => {
  it('is read from the beginning of its log, so that progress and result are whole', async () => {
    const world = new FakeWorld([running()]);
    world.followLog = async function* () {
      yield PROGRESS;
      yield SUMMARY;
      world.shows(terminated(0));
    };
    const { log, end } = await world.follow();
    expect(end).toMatchObject({ kind: 'ended', exitCode: 0 });
    expect(log.moved()).toMatchObject({ snapshotId: 'abc', files: 1 });
    expect(world.notes).toContainEqual(expect.objectContaining({ percent: 50, bytesDone: 4 }));
  });

  it('is found ended, with its result', async () => {
    const world = new FakeWorld([terminated(0)]);
    world.followLog = async function* () {
      yield SUMMARY;
    };
    expect((await world.follow()).log.moved()).toMatchObject({ snapshotId: 'abc' });
  });
});

describe('a mover whose log', () => {
  it('dies without a word is looked at once more, for its result', async () => {
    const world = new FakeWorld([running()]);
    let times = 0;
    world.followLog = async function* (_pod, _container, { signal }) {
      times += 1;
      yield PROGRESS;
      if (times > 1) {
        yield SUMMARY;
        return;
      }
      world.shows(terminated(0));
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    };
    const following = world.follow();
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(times).toBe(2);
    });
    expect((await following).log.moved()).toMatchObject({ snapshotId: 'abc' });
  });

  it('may not be read has still ended as its pod says', async () => {
    const world = new FakeWorld([running()]);
    world.followLog = () => {
      world.shows(terminated(3));
      throw new Error('pods/log is forbidden');
    };
    expect((await world.follow()).end).toMatchObject({ kind: 'ended', exitCode: 3 });
  });
});

describe('a mover that leaves no exit code', () => {
  it.each([
    ['its pod was evicted', [aPod({ phase: 'Failed', reason: 'Evicted' })], /Evicted/],
    ['its pod was deleted', [], /its pod was deleted/],
  ])('is not waited for: %s', async (_, later, why) => {
    const world = new FakeWorld([running()]);
    world.followLog = async function* () {
      yield PROGRESS;
      world.shows(...later);
    };
    expect((await world.follow()).end).toMatchObject({ kind: 'vanished', why: expect.stringMatching(why) });
  });
});

function running(): Pod {
  return aPod({ phase: 'Running', containerStatuses: [{ name: 'restic', state: { running: {} } }] });
}

function terminated(exitCode: number): Pod {
  const state = { terminated: { exitCode } };
  return aPod({
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [{ name: 'restic', state }],
  });
}

function aPod(status: Pod['status'] & object): Pod {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: JOB.metadata.name, uid: 'job-1' };
  return { metadata: { namespace: 'shop', name: 'mover', ownerReferences: [owner] }, status };
}

class FakeWorld {
  readonly notes: object[] = [];
  followLog: FollowLog = async function* () {};
  readonly #pods: FakeWatch<Pod>;
  readonly #jobs = new FakeWatch<Job>([JOB]);

  constructor(pods: readonly Pod[]) {
    this.#pods = new FakeWatch(pods);
  }

  shows(...pods: readonly Pod[]): void {
    this.#pods.change(pods);
  }

  follow() {
    const cluster = {
      pods: { watch: () => this.#pods },
      jobs: { watch: () => this.#jobs },
      followLog: ((pod, container, options) => this.followLog(pod, container, options)) as FollowLog,
      now: () => NOW,
    };
    const task = { mover: resticSource({}), limits: { moverPendingMs: 60_000 } };
    return followMover({ cluster, log: createLog('test', 'silent') } as unknown as SyncContext, {
      task: task as unknown as MoverTask,
      job: JOB,
      signal: new AbortController().signal,
      note: (details) => void this.notes.push(details),
    });
  }
}

class FakeWatch<T extends KubernetesObject> {
  #objects: readonly T[];
  readonly #listeners = new Set<() => void>();

  constructor(objects: readonly T[]) {
    this.#objects = objects;
  }

  change(objects: readonly T[]): void {
    this.#objects = objects;
    for (const listener of this.#listeners) listener();
  }

  synced = () => Promise.resolve();
  list = () => this.#objects;
  get = ({ name }: ObjectRef) => this.#objects.find(({ metadata }) => metadata.name === name);
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
}
