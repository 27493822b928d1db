// Starts a mover's Job (or finds the one that an earlier attempt started), follows it to its end, and says what it moved.
import type { Job, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Moved } from '../api/sync.ts';
import { attemptOf } from '../movers/job.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { answerEnd } from './mover-answer.ts';
import { withinDeadline } from './mover-deadline.ts';
import { followMover } from './mover-follow.ts';
import type { MoverTask } from './mover-task.ts';
import { startMover } from './start-mover.ts';

/** The PVC that the mover reads or fills, once it can be used. */
export type MoverData = (signal: AbortSignal) => Promise<PersistentVolumeClaim>;

/** Safe to call again after a worker died. */
export async function runMover(context: SyncContext, task: MoverTask, data: MoverData): Promise<Moved> {
  return attended(async ({ signal, note }) =>
    withinDeadline({ task, now: context.cluster.now() }, signal, async (deadline) => {
      const { run } = currentRun();
      const startedAt = context.cluster.now();
      const starting = { task, run, ...deadline, note, data: () => data(deadline.signal) };
      const job = await startMover(context, starting);
      const attending = { task, job, signal: deadline.signal };
      const followed = await followMover(context, { ...attending, note: notesOf(job, task, note) });
      const end = await answerEnd(context, { ...attending, followed });
      const { log } = followed;
      // Of this attempt, also where an earlier worker started it.
      const created = Date.parse(job.metadata.creationTimestamp ?? '');
      const durationMs = Math.round(context.cluster.now() - Math.min(startedAt, created));
      if (end === 'done') return { ...log.moved(), durationMs, actions: actionsOf(job) };
      return { ...log.moved(), logs: log.tail(), durationMs, actions: [] };
    }),
  );
}

type Note = (details: object) => void;

// A later attempt says with each heartbeat which copy it carries.
function notesOf(job: Job, { cutTime }: MoverTask, note: Note): Note {
  const attempt = attemptOf(job);
  return attempt === 1 ? note : (details) => note({ ...details, attempt, copyCut: cutTime });
}

function actionsOf(job: Job): readonly string[] {
  const template = job.spec['template'] as
    { spec?: { containers?: readonly { args?: readonly string[] }[] } } | undefined;
  return template?.spec?.containers?.[0]?.args ?? [];
}
