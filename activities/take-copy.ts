// copy: accept the trigger, create the copy, wait for the cut, release. All of it is inside the freeze, so
// it waits for nothing else: readiness and the mover's volume are waited for with the application running.
import type { Quiesced } from '../api/quiesce.ts';
import type { Consistency, CopyAttempt, CopyTimes, Proceed, SyncPlan } from '../api/sync.ts';
import type { CopyWindow } from '../domain/copy-trigger.ts';
import { MARGIN_MS } from '../domain/copy-window.ts';
import { wholeSeconds } from '../domain/time.ts';
import { goDuration } from '../domain/duration.ts';
import { events } from '../domain/events.ts';
import type { SyncEvent } from '../domain/events.ts';
import { failures } from '../domain/failures.ts';
import { isQuiesceQueue } from '../domain/quiesce-queue.ts';
import { triggerCame } from '../domain/sync-status.ts';
import { acceptTrigger } from './accept-trigger.ts';
import type { Frozen } from './accept-trigger.ts';
import { attended, currentRun, refusal } from './context.ts';
import type { SyncContext, Taking } from './context.ts';
import { createCopy, cutTimeOf } from './copy-object.ts';
import { consumeLateBinding } from './late-binding.ts';
import { leaveWindows } from './leave-windows.ts';
import { releaseApplication } from './release-application.ts';
import { patchSourceStatus } from './source.ts';
import { after } from './watching.ts';

/** Takes the copy if the application, or a person, has said so; `notYet` otherwise, or when the plan is outdated. */
export async function takeCopy(
  context: SyncContext,
  plan: SyncPlan,
  word?: Proceed | Quiesced,
): Promise<CopyAttempt> {
  return attended(async ({ signal }) => {
    const pvc = { namespace: plan.source.namespace, name: plan.pvc.name };
    const taking = { context, plan, pvc, ...currentRun(), signal };
    if (plan.copyMethod === 'Direct') return { kind: 'taken', copy: { name: plan.pvc.name, times: {} } };
    if (plan.gate.kind === 'open') return copyUnasked(taking, plan.gate.overdue);
    const frozen = await acceptTrigger(taking, word);
    return frozen === undefined ? { kind: 'notYet' } : copyFrozen(taking, frozen);
  });
}

// Nobody stands still for this copy: it is crash-consistent.
async function copyUnasked(taking: Taking, overdue = false): Promise<CopyAttempt> {
  const consistency = 'crash-consistent';
  if (overdue) await askNoLonger(taking);
  const name = await createCopy(taking, consistency);
  await consumeLateBinding(taking, name, consistency);
  const cutTime = await cutTimeOf(taking, name, taking.signal);
  return { kind: 'taken', copy: { name, times: { consistency, cutTime } } };
}

// Whoever was asked in vain is told so, before the copy that is none of its own (row 9).
async function askNoLonger(taking: Taking): Promise<void> {
  const { context, pvc, run, signal } = taking;
  const failure = failures.triggerOverdue(`${pvc.namespace}/${pvc.name}`, 'it is copied crash-consistently');
  await leaveWindows(context.cluster, { namespace: pvc.namespace, run, failure, signal });
  await announce(taking, events.copiedWithoutTrigger(pvc.name));
}

async function copyFrozen(taking: Taking, frozen: Frozen): Promise<CopyAttempt> {
  const { plan, context, pvc } = taking;
  const name = await createCopy(taking, consistencyBy(frozen.window), frozen.window.id);
  await consumeLateBinding(taking, name, consistencyBy(frozen.window));
  const announced = announceTrigger(taking, frozen.window);
  const deadline = deadlineOf(frozen, context.cluster.now());
  const signal = AbortSignal.any([taking.signal, deadline]);
  try {
    const cutTime = await cutTimeOf(taking, name, signal);
    const releasedAt = await releaseApplication(taking, frozen.window, signal);
    const times = timesOf(taking, frozen, { cutTime, releasedAt });
    await announced;
    await announce(taking, events.copyCompleted(pvc.name, goDuration(times.freezeMs ?? 0)));
    return { kind: 'taken', copy: { name, times } };
  } catch (error) {
    if (deadline.aborted && !taking.signal.aborted)
      throw refusal(failures.freezeBoundExceeded(plan.pvc.name));
    throw error;
  }
}

// No later than the margin before release-by; never for a window that is answered already.
function deadlineOf({ releaseBy }: Frozen, now: number): AbortSignal {
  return releaseBy === undefined ? new AbortController().signal : after(releaseBy - MARGIN_MS - now);
}

function timesOf({ plan }: Taking, frozen: Frozen, end: { cutTime: string; releasedAt: number }): CopyTimes {
  const { window, triggeredAt } = frozen;
  return {
    consistency: consistencyBy(window),
    ...(window.trigger !== undefined && { trigger: window.trigger }),
    ...(window.by !== undefined && { by: window.by }),
    ...(plan.gate.kind === 'asked' && { askedTime: plan.gate.waitingSince }),
    triggeredTime: wholeSeconds(triggeredAt),
    cutTime: end.cutTime,
    releasedTime: wholeSeconds(end.releasedAt),
    freezeMs: Math.max(0, Math.round(end.releasedAt - triggeredAt)),
  };
}

function consistencyBy({ by }: CopyWindow): Consistency {
  return by === undefined || isQuiesceQueue(by) ? 'triggered' : 'proceeded';
}

// While the storage makes the copy.
async function announceTrigger(taking: Taking, window: CopyWindow): Promise<void> {
  const { context, plan, pvc } = taking;
  await announce(taking, events.triggerReceived(pvc.name, acceptedOn(window)));
  const source = context.cluster.sources.watch().get(plan.source);
  const patch = source?.metadata.uid === plan.source.uid ? triggerCame(source, pvc.name) : undefined;
  if (source !== undefined && patch !== undefined) await patchSourceStatus(context.cluster, source, patch);
}

function acceptedOn({ trigger, by }: CopyWindow): string {
  if (by === undefined) return `copy-trigger ${trigger ?? ''}`;
  return isQuiesceQueue(by) ? `the return of quiesce on task queue ${by}` : `the word of ${by}`;
}

async function announce({ context, plan }: Taking, event: SyncEvent): Promise<void> {
  const regarding = context.cluster.sources.watch().get(plan.source);
  if (regarding !== undefined) await context.cluster.record({ regarding, ...event });
}
