// begin: read the source and all it names, refuse what cannot work, then ask the application (docs/protocol.md).
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Gate, SourceRef, SyncPlan } from '../api/sync.ts';
import { driverOf, likenessOf } from '../domain/copy.ts';
import { syncStarted } from '../domain/sync-status.ts';
import { wholeSeconds } from '../domain/time.ts';
import { attended } from './context.ts';
import type { SyncContext } from './context.ts';
import { leaveFormerWindows, openGate } from './open-gate.ts';
import { readInput } from './read-input.ts';
import type { SyncInput } from './read-input.ts';
import { patchSourceStatus } from './source.ts';

/** Validates, opens or joins the window, and returns the plan of this run; `earlierStart` when it begins anew in mid-wait. */
export async function beginSync(
  context: SyncContext,
  ref: SourceRef,
  earlierStart?: string,
): Promise<SyncPlan> {
  const startTime = earlierStart ?? wholeSeconds(context.cluster.now());
  return attended(async ({ signal }) => {
    const input = await readInput(context, ref, signal);
    const { source, plan, pvc, secretKeys, privileged } = input;
    // Before the question: nothing comes between it and the wait for its answer.
    if (source.status?.lastSyncStartTime !== startTime)
      await patchSourceStatus(context.cluster, source, syncStarted(source, startTime));
    const asking = { context, ref, source, plan, pvc, signal };
    if (earlierStart !== undefined) await leaveFormerWindows(asking);
    const gate = await openGate(asking);
    return {
      source: ref,
      generation: source.metadata.generation ?? 0,
      pvc: plannedPvc(pvc),
      mover: plan.mover,
      copyMethod: plan.copyMethod,
      ...(plan.releaseAt === 'ready' && { releaseAt: plan.releaseAt }),
      gate,
      ...quiescing(gate, input, context.cluster.now()),
      startTime,
      limits: plan.limits,
      spec: source.spec ?? {},
      secretKeys,
      privileged,
    };
  });
}

function plannedPvc(pvc: PersistentVolumeClaim): SyncPlan['pvc'] {
  const { name, uid = '' } = pvc.metadata;
  const driver = driverOf(pvc);
  return { name, uid, like: likenessOf(pvc), ...(driver !== undefined && { driver }) };
}

// Whoever stands still already, or is not asked, need not be quiesced; whose window another sync has frozen may have been.
function quiescing(gate: Gate, { quiesceQueue }: SyncInput, now: number): Pick<SyncPlan, 'quiesce'> {
  if (gate.kind !== 'asked' || quiesceQueue === undefined) return {};
  return { quiesce: { taskQueue: quiesceQueue, now } };
}
