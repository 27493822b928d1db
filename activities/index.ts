// The verbs of a sync, bound to a cluster. The workflow knows them by type only.
import type { Copy, Outcome, Proceed, SourceRef, SyncPlan } from '../api/sync.ts';
import { beginSync } from './begin-sync.ts';
import { closeSync } from './close-sync.ts';
import type { SyncContext } from './context.ts';
import { moveCopy } from './move-copy.ts';
import { reportOverdue } from './report-overdue.ts';
import { takeCopy } from './take-copy.ts';

export type { SyncContext, SyncSettings } from './context.ts';

export function createActivities(context: SyncContext) {
  return {
    beginSync: (source: SourceRef, startTime?: string) => beginSync(context, source, startTime),
    reportOverdue: (plan: SyncPlan) => reportOverdue(context, plan),
    takeCopy: (plan: SyncPlan, proceed?: Proceed) => takeCopy(context, plan, proceed),
    moveCopy: (plan: SyncPlan, copy: Copy) => moveCopy(context, plan, copy),
    closeSync: (source: SourceRef, outcome: Outcome) => closeSync(context, source, outcome),
  };
}

export type Activities = ReturnType<typeof createActivities>;
