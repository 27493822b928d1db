// The table of `history`, and its rows for programs.
import { ago, brief, bytes, stamp } from './print/amounts.ts';
import type { Cell, Table } from './print/table.ts';
import type { RunRecord } from './run-record.ts';
import { RESULT_STYLES } from './story.ts';

export interface NamedRun {
  /** Workflow id. */
  readonly run: string;
  readonly record: RunRecord;
}

/** The end of the workflow id, the time at which it was due, is what people type. */
export function shortRun(run: string): string {
  return /\d{4}-\d\d-\d\dT[\d:.]+Z$/.exec(run)?.[0] ?? run;
}

export function historyTable(
  runs: readonly NamedRun[],
  { now, wide }: { readonly now: number; readonly wide: boolean },
): Table {
  const columns = COLUMNS.filter(({ wideOnly = false }) => wide || !wideOnly);
  return {
    heads: columns.map(({ head }) => head),
    rows: runs.map((named) => columns.map(({ cell }) => cell(named, now))),
  };
}

interface Column {
  readonly head: string;
  readonly wideOnly?: boolean;
  readonly cell: (named: NamedRun, now: number) => Cell;
}

const COLUMNS: readonly Column[] = [
  { head: 'RUN', cell: ({ run }) => shortRun(run) },
  { head: 'AGE', cell: ({ record }, now) => ago(record.startedAt, now) },
  { head: 'RESULT', cell: ({ record: { result } }) => ({ text: result, style: RESULT_STYLES[result] }) },
  { head: 'TRIGGER', cell: ({ record: { copy } }) => triggerText(copy) },
  { head: 'FREEZE', cell: ({ record: { copy } }) => durationText(copy?.freezeMs) },
  { head: 'READ', cell: ({ record: { moved } }) => bytesText(moved?.bytes) },
  { head: 'NEW', cell: ({ record: { moved } }) => bytesText(moved?.bytesAdded) },
  { head: 'DURATION', cell: ({ record }) => durationText(durationOf(record)) },
  { head: 'CONSISTENCY', wideOnly: true, cell: ({ record: { copy } }) => copy?.consistency ?? '-' },
  { head: 'MOVER', wideOnly: true, cell: ({ record: { plan } }) => plan?.mover ?? '-' },
  {
    head: 'BECAUSE',
    wideOnly: true,
    cell: ({ record: { cause } }) => (cause === undefined ? '' : `${cause.reason}: ${cause.message}`),
  },
];

function triggerText(copy: RunRecord['copy']): string {
  if (copy?.by !== undefined) return `(${copy.by})`;
  return copy?.trigger ?? '-';
}

function durationText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '-' : brief(milliseconds);
}

function bytesText(count: number | undefined): string {
  return count === undefined ? '-' : bytes(count);
}

function durationOf({ startedAt, endedAt }: RunRecord): number | undefined {
  return endedAt === undefined ? undefined : endedAt - startedAt;
}

/** For `-o json` and `-o yaml`. */
export function runData({ run, record }: NamedRun): Readonly<Record<string, unknown>> {
  const { startedAt, endedAt, result, cause, copy, moved, plan } = record;
  return {
    run: shortRun(run),
    workflowId: run,
    startTime: stamp(startedAt),
    closeTime: stamp(endedAt),
    result,
    reason: cause?.reason,
    message: cause?.message,
    mover: plan?.mover,
    copy,
    bytes: moved?.bytes,
    bytesAdded: moved?.bytesAdded,
    files: moved?.files,
    snapshotId: moved?.snapshotId,
  };
}

export function storyData(named: NamedRun): Readonly<Record<string, unknown>> {
  const story = named.record.lines.map(({ at, text }) => ({ time: new Date(at).toISOString(), text }));
  return { ...runData(named), story };
}
