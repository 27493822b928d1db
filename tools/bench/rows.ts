// The rows of the table: what is measured, and what it may be (design budgets, relative to VolSync on the same stack).
import type { Moment } from './moments.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** What is measured together, one after the other in one run. */
export const GROUPS = [
  'sync',
  'slow',
  'crowd',
  'killed-window',
  'killed-mover',
  'waiting',
  'movers',
  'cli',
] as const;
export type Group = (typeof GROUPS)[number];

export interface Row {
  /** For `--only`, and under which its measurements are found. */
  readonly key: string;
  readonly group: Group;
  readonly what: string;
  readonly unit: 'ms' | 's' | '' | 'MiB' | 'KiB';
  /** Of each round of a sync, the time between these moments. */
  readonly span?: readonly [from: Moment, to: Moment];
  readonly budget?: Budget;
  /** VolSync 0.16.0, measured once by this very program (docs/bench.md): stands in where VolSync does not run beside us. */
  readonly recorded?: { readonly median: number; readonly p90?: number };
}

export interface Budget {
  readonly atMost?: number;
  /** Times VolSync's. */
  readonly ratio?: number;
  readonly p90Ratio?: number;
}

/** Measurements by the keys of their rows. */
export type Figures = Readonly<Record<string, readonly number[]>>;

export const ROWS: readonly Row[] = [
  {
    key: 'requests',
    group: 'sync',
    what: 'API requests per sync',
    unit: '',
    budget: { atMost: 20 },
    recorded: { median: 50.1 },
  },
  {
    key: 'events',
    group: 'sync',
    what: 'Temporal history events per sync',
    unit: '',
    budget: { atMost: 40 },
  },
  {
    key: 'due-waiting',
    group: 'sync',
    what: 'sync due → WaitingForTrigger',
    unit: 'ms',
    span: ['due', 'waiting'],
    recorded: { median: 143, p90: 160 },
  },
  {
    key: 'trigger-accepted',
    group: 'sync',
    what: 'trigger written → InProgress',
    unit: 'ms',
    span: ['triggered', 'accepted'],
    recorded: { median: 7.7, p90: 14 },
  },
  {
    key: 'trigger-created',
    group: 'sync',
    what: 'trigger written → VolumeSnapshot created',
    unit: 'ms',
    span: ['triggered', 'created'],
    budget: { ratio: 2.2 },
    recorded: { median: 13.1, p90: 28.7 },
  },
  {
    key: 'trigger-completed',
    group: 'sync',
    what: 'trigger written → Completed',
    unit: 'ms',
    span: ['triggered', 'completed'],
    budget: { ratio: 1 },
    recorded: { median: 115, p90: 146 },
  },
  {
    key: 'cut-completed',
    group: 'sync',
    what: 'cut → Completed',
    unit: 'ms',
    span: ['cut', 'completed'],
    budget: { ratio: 1, p90Ratio: 0.5 },
    recorded: { median: 8.1, p90: 12.8 },
  },
  {
    key: 'trigger-reported',
    group: 'sync',
    what: 'trigger written → sync reported',
    unit: 'ms',
    span: ['triggered', 'reported'],
    budget: { ratio: 1 },
    recorded: { median: 5764, p90: 5814 },
  },
  {
    key: 'memory',
    group: 'sync',
    what: 'memory after the last round',
    unit: 'MiB',
    recorded: { median: 62 },
  },
  {
    key: 'slow-ready-completed',
    group: 'slow',
    what: 'trigger written → Completed, storage ready after 8 s',
    unit: 'ms',
    span: ['triggered', 'completed'],
    budget: { ratio: 0.05 },
    recorded: { median: 8800 },
  },
  {
    key: 'crowd-waiting',
    group: 'crowd',
    what: '100 sources at once: all waiting',
    unit: 's',
    budget: { ratio: 3 },
    recorded: { median: 2 },
  },
  {
    key: 'crowd-completed',
    group: 'crowd',
    what: '100 sources at once: all Completed',
    unit: 's',
    budget: { ratio: 1 },
    recorded: { median: 29 },
  },
  {
    key: 'killed-window',
    group: 'killed-window',
    what: 'worker killed → its frozen application released',
    unit: 's',
    budget: { atMost: 10 },
  },
  {
    key: 'killed-mover',
    group: 'killed-mover',
    what: 'worker killed → its mover taken up',
    unit: 's',
    budget: { atMost: 60 },
  },
  waiting('worker', { what: 'memory of the worker', unit: 'MiB', atMost: 512 }),
  waiting('controller', { what: 'memory of the controller', unit: 'MiB', atMost: 512 }),
  waiting('each', { what: 'memory for each, above idle', unit: 'KiB', atMost: 20 }),
  waiting('watches', { what: 'watches, above idle', unit: '', atMost: 0 }),
  waiting('requests', { what: 'API requests in a quiet minute', unit: '', atMost: 0 }),
  waiting('calls', { what: 'Temporal calls in a quiet minute, above idle', unit: '', atMost: 2 }),
  {
    key: 'cli-cpu',
    group: 'cli',
    what: 'kubectl stillpoint status, 500 sources: CPU',
    unit: 's',
    budget: { atMost: 1 },
  },
  {
    key: 'cli-lists',
    group: 'cli',
    what: 'kubectl stillpoint status, 500 sources: lists',
    unit: '',
    budget: { atMost: 2 },
  },
];

function waiting(
  key: string,
  { what, unit, atMost }: { what: string; unit: Row['unit']; atMost: number },
): Row {
  return { key: `waiting-${key}`, group: 'waiting', what: `pvcs waiting: ${what}`, unit, budget: { atMost } };
}

/** The rows of one wish: a named one or those of a named group, or all of these groups. */
export function chosenRows({
  only,
  groups,
}: {
  readonly only?: string;
  readonly groups: readonly Group[];
}): readonly Row[] {
  if (only !== undefined) return ROWS.filter(({ key, group }) => key === only || group === only);
  return ROWS.filter(({ group }) => groups.includes(group));
}

export function measured({ key }: Row, figures: Figures): Spread | undefined {
  return spreadOf(figures[key] ?? []);
}

/** All measurements of each row in one list. */
export function together(all: readonly Figures[]): Figures {
  const keys = new Set(all.flatMap((figures) => Object.keys(figures)));
  return Object.fromEntries([...keys].map((key) => [key, all.flatMap((figures) => figures[key] ?? [])]));
}

export type Verdict = 'within' | 'over' | 'no budget';

/** `reference` is VolSync's spread, measured or recorded. */
export function judge(
  { budget }: Pick<Row, 'budget'>,
  ours: Spread,
  reference: { readonly median: number; readonly p90?: number } | undefined,
): Verdict {
  const limits: (readonly [value: number, limit: number | undefined])[] = [
    [ours.median, budget?.atMost],
    [ours.median, times(budget?.ratio, reference?.median)],
    [ours.p90, times(budget?.p90Ratio, reference?.p90)],
  ];
  const known = limits.filter((pair): pair is readonly [number, number] => pair[1] !== undefined);
  if (known.length === 0) return 'no budget';
  return known.every(([value, limit]) => value <= limit) ? 'within' : 'over';
}

function times(ratio: number | undefined, value: number | undefined): number | undefined {
  return ratio === undefined || value === undefined ? undefined : ratio * value;
}
