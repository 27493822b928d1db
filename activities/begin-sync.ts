// begin: read the source and all it names, refuse what cannot work, then ask the application (docs/protocol.md).
import type { SourceRef, SyncPlan } from '../api/sync.ts';
import { likenessOf } from '../domain/copy.ts';
import { syncStarted } from '../domain/sync-status.ts';
import { wholeSeconds } from '../domain/time.ts';
import { attended } from './context.ts';
import type { SyncContext } from './context.ts';
import { leaveFormerWindows, openGate } from './open-gate.ts';
import { readInput } from './read-input.ts';
import { patchSourceStatus } from './source.ts';

/** Validates, opens or joins the window, and returns the plan of this run; `earlierStart` when it begins anew in mid-wait. */
export async function beginSync(
  context: SyncContext,
  ref: SourceRef,
  earlierStart?: string,
): Promise<SyncPlan> {
  const startTime = earlierStart ?? wholeSeconds(context.cluster.now());
  return attended(async ({ signal }) => {
    const { source, plan, pvc, secretKeys, privileged } = await readInput(context, ref, signal);
    // Before the question: nothing comes between it and the wait for its answer.
    if (source.status?.lastSyncStartTime !== startTime)
      await patchSourceStatus(context.cluster, source, syncStarted(source, startTime));
    const asking = { context, ref, source, plan, pvc, signal };
    if (earlierStart !== undefined) await leaveFormerWindows(asking);
    const gate = await openGate(asking);
    return {
      source: ref,
      generation: source.metadata.generation ?? 0,
      pvc: { name: plan.pvcName, uid: pvc.metadata.uid ?? '', like: likenessOf(pvc) },
      mover: plan.mover,
      copyMethod: plan.copyMethod,
      ...(plan.releaseAt === 'ready' && { releaseAt: plan.releaseAt }),
      gate,
      startTime,
      limits: plan.limits,
      spec: source.spec ?? {},
      secretKeys,
      privileged,
    };
  });
}
