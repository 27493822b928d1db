// The verbs of a sync, bound to a cluster. The workflow knows them by type only.
import type {
  Copy,
  Outcome,
  Proceed,
  ReceiveOutcome,
  ReceivePlan,
  SourceRef,
  SyncPlan,
} from '../api/sync.ts';
import type { Quiesced } from '../api/quiesce.ts';
import { beginDestination } from './begin-destination.ts';
import { beginSync } from './begin-sync.ts';
import { closeDestination } from './close-destination.ts';
import { closeSync } from './close-sync.ts';
import type { SyncContext } from './context.ts';
import { leaveFreeze } from './leave-freeze.ts';
import type { Leave } from './leave-freeze.ts';
import { moveCopy } from './move-copy.ts';
import { receive } from './receive-destination.ts';
import { reportOverdue } from './report-overdue.ts';
import { takeCopy } from './take-copy.ts';
import { takeImage } from './take-image-destination.ts';

export type { SyncContext, SyncSettings } from './context.ts';

export function createActivities(context: SyncContext) {
  return {
    beginSync: (source: SourceRef, startTime?: string) => beginSync(context, source, startTime),
    reportOverdue: (plan: SyncPlan) => reportOverdue(context, plan),
    takeCopy: (plan: SyncPlan, word?: Proceed | Quiesced) => takeCopy(context, plan, word),
    leaveFreeze: (source: SourceRef, failure: Leave['failure'], windowId: string) =>
      leaveFreeze(context, { source, failure, windowId }),
    moveCopy: (plan: SyncPlan, copy: Copy) => moveCopy(context, plan, copy),
    closeSync: (source: SourceRef, outcome: Outcome) => closeSync(context, source, outcome),
    beginDestination: (destination: SourceRef) => beginDestination(context, destination),
    receive: (plan: ReceivePlan) => receive(context, plan),
    takeImage: (plan: ReceivePlan, time: number) => takeImage(context, plan, time),
    closeDestination: (destination: SourceRef, outcome: ReceiveOutcome) =>
      closeDestination(context, destination, outcome),
  };
}

export type Activities = ReturnType<typeof createActivities>;
