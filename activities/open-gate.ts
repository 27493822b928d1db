// Asks the application, or finds that it need not be asked (rows 1 to 3 of the window's table).
import { randomUUID } from 'node:crypto';
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { ReplicationSource } from '../api/replication-source.ts';
import type { Gate, SourceRef } from '../api/sync.ts';
import { ANNOTATIONS, freshTrigger, readCopyTrigger } from '../domain/copy-trigger.ts';
import { acceptable, readWindowState } from '../domain/copy-window.ts';
import type { WindowDecision } from '../domain/copy-window.ts';
import { events } from '../domain/events.ts';
import { failures } from '../domain/failures.ts';
import type { SourcePlan } from '../domain/plan.ts';
import { wholeSeconds } from '../domain/time.ts';
import { currentRun, refusal } from './context.ts';
import type { SyncContext } from './context.ts';
import { leaveWindows } from './leave-windows.ts';
import { after } from './watching.ts';
import { applyWindowEvent, viewOf } from './window.ts';

export interface Asking {
  readonly context: SyncContext;
  readonly ref: SourceRef;
  readonly source: ReplicationSource;
  readonly plan: SourcePlan;
  readonly pvc: PersistentVolumeClaim;
  readonly signal: AbortSignal;
}

/** Waits while another sync's copy is being taken, or an answer is still young. */
export async function openGate(asking: Asking): Promise<Gate> {
  const { context, ref, plan, signal } = asking;
  const { cluster, settings } = context;
  const { run } = currentRun();
  if (plan.copyMethod === 'Direct') return { kind: 'open' };
  const pvcRef = { namespace: ref.namespace, name: plan.pvcName };
  const windowId = randomUUID();
  for (;;) {
    const { decision, pvc } = await applyWindowEvent(
      { cluster, pvc: pvcRef, signal, from: 'live' },
      { kind: 'begin', run, windowId, answerVisibleMs: settings.answerVisibleMs },
    );
    if (pvc === undefined) throw refusal(failures.pvcMissing(`${ref.namespace}/${plan.pvcName}`));
    if (readCopyTrigger(pvc.metadata.annotations ?? {}).kind === 'unused') return leaveUnasked(asking);
    if (decision.do !== 'wait') return gateBy(asking, pvc, { decision, windowId });
    await nextChange(asking, pvc, decision.until);
  }
}

async function gateBy(
  asking: Asking,
  pvc: PersistentVolumeClaim,
  { decision, windowId }: { decision: WindowDecision; windowId: string },
): Promise<Gate> {
  const trigger = freshTrigger(pvc.metadata.annotations ?? {});
  if (decision.do === 'nothing' && decision.because === 'triggered' && trigger !== undefined)
    return { kind: 'triggered', windowId, trigger };
  if (decision.do === 'patch') announce(asking);
  return askedGate(asking, pvc);
}

function askedGate({ context }: Asking, pvc: PersistentVolumeClaim): Gate {
  const view = viewOf(pvc);
  const current = readWindowState(view);
  const waitingSince = view.annotations[ANNOTATIONS.waitingSince] ?? wholeSeconds(context.cluster.now());
  const triggered = current.state === 'frozen' || acceptable(view, context.cluster.now());
  return { kind: 'asked', windowId: current.window?.id ?? '', waitingSince, triggered };
}

/** The source was edited in mid-wait: what it asked before may not be what it copies now (row 9). */
export async function leaveFormerWindows({ context, ref, plan, signal }: Asking): Promise<void> {
  const except = plan.copyMethod === 'Direct' ? undefined : plan.pvcName;
  const failure = failures.askedNoLonger(`${ref.namespace}/${ref.name}`);
  const { run } = currentRun();
  await leaveWindows(context.cluster, { namespace: ref.namespace, run, failure, except, signal });
}

// The pvc never opted in, or its owner opted out in mid-wait (row 9): the copy is taken without asking.
async function leaveUnasked({ context, ref, plan, signal }: Asking): Promise<Gate> {
  const pvc = { namespace: ref.namespace, name: plan.pvcName };
  const failure = failures.optedOut(`${pvc.namespace}/${pvc.name}`);
  await applyWindowEvent(
    { cluster: context.cluster, pvc, signal, from: 'live' },
    { kind: 'leave', run: currentRun().run, failure },
  );
  return { kind: 'open' };
}

// Not waited for: the owner may answer at once.
function announce({ context, source, plan, pvc }: Asking): void {
  void context.cluster.record({
    regarding: source,
    related: pvc,
    ...events.waitingForTrigger(plan.pvcName),
  });
}

async function nextChange(
  { context, signal, ref, plan }: Asking,
  seen: PersistentVolumeClaim,
  until?: number,
) {
  const { cluster } = context;
  const due = until === undefined ? 60_000 : until - cluster.now();
  const either = AbortSignal.any([signal, after(due)]);
  const changed = cluster.pvcs
    .watch()
    .waitFor(
      { namespace: ref.namespace, name: plan.pvcName },
      (pvc) => (pvc?.metadata.resourceVersion === seen.metadata.resourceVersion ? undefined : true),
      either,
    );
  await changed.catch(() => signal.throwIfAborted()); // Time has come: decide again.
}
