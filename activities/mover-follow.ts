// Follows a mover from the start of its pod to its end: its log for progress, its pod for the truth. A worker
// that takes it up in mid-run reads the log from its beginning.
import type { Job, Pod } from '../api/kubernetes.ts';
import { pause } from '../kubernetes/backoff.ts';
import { MoverLog } from '../movers/mover-log.ts';
import type { MoverState } from '../movers/mover-state.ts';
import { refOf } from '../kubernetes/object-ref.ts';
import type { SyncContext } from './context.ts';
import { startedMover } from './mover-pending.ts';
import { watchMover } from './mover-watch.ts';
import type { MoverTask } from './mover-task.ts';

export interface Following {
  readonly signal: AbortSignal;
  readonly note: (details: object) => void;
  readonly task: MoverTask;
  readonly job: Job;
}

export interface Followed {
  readonly log: MoverLog;
  readonly end: MoverState & { kind: 'ended' | 'vanished' };
}

type End = Followed['end'];

// The API server may let a connection die without a word: after the mover's end its log may be silent so long.
const SILENCE_AFTER_END_MS = 10_000;
// The pod's status follows the end of its log within a second or two.
const STATUS_LAG_MS = 5_000;

export async function followMover(context: SyncContext, following: Following): Promise<Followed> {
  const { task, job, signal } = following;
  const { mover } = task;
  const watch = watchMover(context.cluster, job, mover.container);
  const started = await startedMover(context, { ...following, watch });
  if (started.kind === 'vanished') return { log: new MoverLog(mover.log), end: started };
  const ending = watch.until(isEnd, signal);
  const reading = { ...following, pod: started.pod, ending };
  // What the mover moved stands at the very end of its log: worth a second look.
  const log = (await readLog(context, reading)) ?? (await readLog(context, reading));
  return { log: log ?? new MoverLog(mover.log), end: await ending };
}

interface Reading extends Following {
  readonly pod: Pod;
  readonly ending: Promise<End>;
}

// Undefined when the connection died without a word.
async function readLog(context: SyncContext, reading: Reading): Promise<MoverLog | undefined> {
  const { pod, task, ending, signal, note } = reading;
  const { mover } = task;
  const log = new MoverLog(mover.log);
  const silent = new AbortController();
  let silence: NodeJS.Timeout | undefined;
  const listenNoLonger = () => {
    silence = setTimeout(() => silent.abort(new Error('the log is silent')), SILENCE_AFTER_END_MS).unref();
  };
  ending.then(listenNoLonger, () => undefined);
  try {
    const lines = context.cluster.followLog(refOf(pod), mover.container, {
      signal: AbortSignal.any([signal, silent.signal]),
      ended: () => Promise.race([ending.then(() => true), pause(STATUS_LAG_MS, signal).then(() => false)]),
    });
    for await (const line of lines) {
      silence?.refresh();
      const progress = log.read(line);
      if (progress !== undefined) note(progress);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    if (silent.signal.aborted) return undefined;
    // The log is for people; how the mover ended stands in its pod.
    context.log.error('mover log not read', { ...refOf(pod), error });
  } finally {
    clearTimeout(silence);
  }
  return log;
}

function isEnd(state: MoverState): state is End {
  return state.kind === 'ended' || state.kind === 'vanished';
}
