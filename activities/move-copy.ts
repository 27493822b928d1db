// move: wait until the copy can be read, start the mover's Job on it (or find the one that an earlier
// attempt started), follow it to its end, and say what it moved.
import type { Job } from '../api/kubernetes.ts';
import type { Copy, Moved, SyncPlan } from '../api/sync.ts';
import { attemptOf } from '../movers/job.ts';
import { attended, currentRun } from './context.ts';
import type { SyncContext } from './context.ts';
import { answerEnd } from './mover-answer.ts';
import { withinDeadline } from './mover-deadline.ts';
import { followMover } from './mover-follow.ts';
import { startMover } from './start-mover.ts';

/** Moves the copy's data away; safe to call again after a worker died: it finds its own Job. */
export async function moveCopy(context: SyncContext, plan: SyncPlan, copy: Copy): Promise<Moved> {
  return attended(async ({ signal, note }) =>
    withinDeadline(plan, signal, async (deadline) => {
      const { run } = currentRun();
      const startedAt = context.cluster.now();
      const job = await startMover(context, { plan, copy, run, ...deadline, note });
      const attending = { plan, job, signal: deadline.signal };
      const followed = await followMover(context, { ...attending, note: notesOf(job, copy, note) });
      const end = await answerEnd(context, { ...attending, copy, followed });
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
function notesOf(job: Job, { times }: Copy, note: Note): Note {
  const attempt = attemptOf(job);
  return attempt === 1 ? note : (details) => note({ ...details, attempt, copyCut: times.cutTime });
}

function actionsOf(job: Job): readonly string[] {
  const template = job.spec['template'] as
    { spec?: { containers?: readonly { args?: readonly string[] }[] } } | undefined;
  return template?.spec?.containers?.[0]?.args ?? [];
}
