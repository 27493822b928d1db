// What people see of a running sync: the search attributes SyncPhase and SyncResult, and the table under "current details"
// of the Temporal UI.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { CopyTimes, SyncPlan } from '../api/sync.ts';

export type Phase = 'Beginning' | 'WaitingForTrigger' | 'TriggerOverdue' | 'Copying' | 'Moving' | 'Closed';

export interface Shown {
  readonly plan?: SyncPlan;
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

function rowsOfPlan(plan: SyncPlan | undefined): readonly Row[] {
  if (plan === undefined) return [];
  return [
    ['pvc', `${plan.source.namespace}/${plan.pvc.name}`],
    ['mover', `${plan.mover} (${plan.copyMethod})`],
    ['waiting since', plan.gate.kind === 'asked' ? plan.gate.waitingSince : undefined],
  ];
}

function rowsOfCopy(copy: CopyTimes = {}): readonly Row[] {
  return [
    ['trigger', copy.trigger],
    ['proceeded by', copy.by],
    ['cut', copy.cutTime],
    ['released', copy.releasedTime],
    ['frozen for', copy.freezeMs === undefined ? undefined : `${copy.freezeMs / 1000} s`],
  ];
}
