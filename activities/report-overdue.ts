// The overdue timer has fired: look once more, and if nobody has spoken, say so where people look.
import type { SyncPlan } from '../api/sync.ts';
import { acceptable } from '../domain/copy-window.ts';
import { events } from '../domain/events.ts';
import { triggerOverdue } from '../domain/sync-status.ts';
import { attended } from './context.ts';
import type { SyncContext } from './context.ts';
import { findSource, patchSourceStatus } from './source.ts';
import { viewOf } from './window.ts';

/** True when a trigger does stand on the pvc: its nudge was lost, and the sync should look. */
export async function reportOverdue({ cluster }: SyncContext, plan: SyncPlan): Promise<boolean> {
  return attended(async ({ signal }) => {
    const pvc = await cluster.pvcs.get({ namespace: plan.source.namespace, name: plan.pvc.name }, { signal });
    if (pvc === undefined || acceptable(viewOf(pvc), cluster.now())) return true;
    const source = await findSource(cluster, plan.source, signal);
    if (source === undefined) return true;
    await patchSourceStatus(cluster, source, triggerOverdue(plan.pvc.name));
    const event =
      plan.quiesce === undefined
        ? events.triggerOverdue(plan.pvc.name)
        : events.nobodyQuiesces(plan.pvc.name, plan.quiesce.taskQueue);
    await cluster.record({ regarding: source, related: pvc, ...event });
    return false;
  });
}
