// The table of `status`, and its rows for programs.
import { age, ago, brief, stamp } from './print/amounts.ts';
import type { Style } from './print/ink.ts';
import type { Cell, Table } from './print/table.ts';
import type { SourcePhase, SourceView } from './source-view.ts';

export interface StatusOptions {
  readonly now: number;
  readonly allNamespaces: boolean;
  readonly wide: boolean;
}

export function statusTable(views: readonly SourceView[], options: StatusOptions): Table {
  const columns = COLUMNS.filter(
    ({ only }) => only === undefined || (only === 'wide' ? options.wide : options.allNamespaces),
  );
  return {
    heads: columns.map(({ head }) => head),
    rows: views.map((view) => columns.map(({ cell }) => cell(view, options.now))),
  };
}

interface Column {
  readonly head: string;
  readonly only?: 'wide' | 'allNamespaces';
  readonly cell: (view: SourceView, now: number) => Cell;
}

const COLUMNS: readonly Column[] = [
  { head: 'NAMESPACE', only: 'allNamespaces', cell: ({ namespace }) => namespace },
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'PVC', cell: ({ pvc }) => pvc || '-' },
  { head: 'PHASE', cell: ({ phase }) => ({ text: phase, style: PHASE_STYLES[phase] }) },
  { head: 'SINCE', cell: ({ since }, now) => ago(since, now) },
  { head: 'LAST COPY', cell: ({ lastCopy }, now) => ago(lastCopy, now) },
  { head: 'FREEZE', cell: ({ freezeMs }) => (freezeMs === undefined ? '-' : brief(freezeMs)) },
  { head: 'LAST SYNC', cell: ({ lastSync }, now) => ago(lastSync, now) },
  { head: 'NEXT', cell: ({ next }, now) => untilNext(next, now) },
  { head: 'MOVER', only: 'wide', cell: ({ mover }) => mover },
  { head: 'METHOD', only: 'wide', cell: ({ copyMethod }) => copyMethod || '-' },
  { head: 'CONSISTENCY', only: 'wide', cell: ({ consistency }) => consistency ?? '-' },
  {
    head: 'DURATION',
    only: 'wide',
    cell: ({ lastDurationMs }) => (lastDurationMs === undefined ? '-' : brief(lastDurationMs)),
  },
  { head: 'TRIGGER', only: 'wide', cell: ({ trigger }) => trigger ?? '-' },
  { head: 'MESSAGE', only: 'wide', cell: ({ message }) => message ?? '' },
];

const PHASE_STYLES: Readonly<Record<SourcePhase, Style | undefined>> = {
  WaitingForTrigger: 'yellow',
  TriggerOverdue: 'red',
  Frozen: 'cyan',
  Moving: 'cyan',
  Syncing: 'cyan',
  Idle: 'green',
  New: undefined,
  Failed: 'red',
  Paused: 'dim',
  Deleting: 'dim',
  Foreign: 'dim',
};

export function styleOf(phase: SourcePhase): Style | undefined {
  return PHASE_STYLES[phase];
}

function untilNext(next: SourceView['next'], now: number): string {
  if (typeof next !== 'number') return next ?? '-';
  return next <= now ? 'due' : `in ${age(next - now)}`;
}

/** For `-o json` and `-o yaml`: times as RFC 3339, durations in seconds. */
export function statusData(view: SourceView): Readonly<Record<string, unknown>> {
  const { since, releaseBy, lastCopy, freezeMs, lastSync, lastDurationMs, next, ...same } = view;
  return {
    ...same,
    since: stamp(since),
    releaseBy: stamp(releaseBy),
    lastCopyTime: stamp(lastCopy),
    freezeSeconds: inSeconds(freezeMs),
    lastSyncTime: stamp(lastSync),
    lastSyncSeconds: inSeconds(lastDurationMs),
    next: typeof next === 'number' ? stamp(next) : next,
  };
}

function inSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1_000;
}
