// What people see of a running sync: the search attributes SyncPhase and SyncResult, and the table under "current details"
// of the Temporal UI.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { CopyTimes, ReceivePlan, SyncPlan } from '../api/sync.ts';
import { isQuiesceQueue } from '../domain/quiesce-queue.ts';

export type Phase =
  | 'Beginning'
  | 'WaitingForTrigger'
  | 'TriggerOverdue'
  | 'Copying'
  | 'Moving'
  | 'Receiving'
  | 'TakingImage'
  | 'Closed';

export interface Shown {
  readonly plan?: SyncPlan | ReceivePlan;
  readonly copy?: CopyTimes;
  readonly result?: string;
}

const SYNC_PHASE = defineSearchAttributeKey('SyncPhase', 'KEYWORD');
const SYNC_RESULT = defineSearchAttributeKey('SyncResult', 'KEYWORD');

// Milliseconds long, and inside the freeze: not worth a history event.
const BRIEF: ReadonlySet<Phase> = new Set(['Beginning', 'Copying']);

export function enter(phase: Phase, shown: Shown): void {
  const result = shown.result === undefined ? [] : [{ key: SYNC_RESULT, value: shown.result }];
  if (!BRIEF.has(phase)) upsertSearchAttributes([{ key: SYNC_PHASE, value: phase }, ...result]);
  setCurrentDetails(table(phase, shown));
}

function table(phase: Phase, { plan, copy, result }: Shown): string {
  const rows = [['phase', phase], ['result', result], ...rowsOfPlan(plan), ...rowsOfCopy(copy)];
  const known = rows.filter(([, value]) => value !== undefined);
  return ['| | |', '|---|---|', ...known.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

type Row = readonly [string, string | undefined];

function rowsOfPlan(plan: SyncPlan | ReceivePlan | undefined): readonly Row[] {
  if (plan === undefined) return [];
  const { namespace } = 'source' in plan ? plan.source : plan.destination;
  return [
    ['pvc', `${namespace}/${plan.pvc.name}`],
    ['mover', `${plan.mover} (${plan.copyMethod})`],
    ...('gate' in plan && plan.gate.kind === 'asked'
      ? [['waiting since', plan.gate.waitingSince] as const]
      : []),
    ...('quiesce' in plan && plan.quiesce !== undefined
      ? [['to be quiesced on', plan.quiesce.taskQueue] as const]
      : []),
  ];
}

function rowsOfCopy(copy: CopyTimes = {}): readonly Row[] {
  return [
    ['consistency', copy.consistency],
    ['trigger', copy.trigger],
    [isQuiesceQueue(copy.by) ? 'quiesced on' : 'proceeded by', copy.by],
    ['cut', copy.cutTime],
    ['released', copy.releasedTime],
    ['frozen for', copy.freezeMs === undefined ? undefined : `${copy.freezeMs / 1000} s`],
  ];
}
