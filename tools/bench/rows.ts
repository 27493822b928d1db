// The rows of the table: what is measured, and what it may be (design budgets, relative to VolSync on the same stack).
import type { Block, Round } from './measure.ts';
import type { Moment } from './moments.ts';
import { totalOf } from './requests.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** Snapshot classes of the stack: `dir` cuts and is ready at once, `dir-slow-ready` is readable 8 s after the cut. */
export type Storage = 'dir' | 'dir-slow-ready';

export interface Row {
  /** For `--only`. */
  readonly key: string;
  readonly what: string;
  readonly unit: 'ms' | '' | 'MiB';
  readonly storage: Storage;
  /** One value for each round, or one for the block. */
  readonly values: (block: Block) => readonly number[];
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

export const ROWS: readonly Row[] = [
  {
    key: 'requests',
    what: 'API requests per sync',
    unit: '',
    storage: 'dir',
    values: ({ requests, rounds }) => [totalOf(requests) / rounds.length],
    budget: { atMost: 20 },
    recorded: { median: 50.1 },
  },
  {
    key: 'events',
    what: 'Temporal history events per sync',
    unit: '',
    storage: 'dir',
    values: ({ rounds }) => rounds.flatMap(({ history }) => (history ? [history.events] : [])),
    budget: { atMost: 40 },
  },
  between(['due', 'waiting'], {
    key: 'due-waiting',
    what: 'sync due → WaitingForTrigger',
    recorded: { median: 143, p90: 160 },
  }),
  between(['triggered', 'accepted'], {
    key: 'trigger-accepted',
    what: 'trigger written → InProgress',
    recorded: { median: 7.7, p90: 14 },
  }),
  between(['triggered', 'created'], {
    key: 'trigger-created',
    what: 'trigger written → VolumeSnapshot created',
    budget: { ratio: 2.2 },
    recorded: { median: 13.1, p90: 28.7 },
  }),
  between(['triggered', 'completed'], {
    key: 'trigger-completed',
    what: 'trigger written → Completed',
    budget: { ratio: 1 },
    recorded: { median: 115, p90: 146 },
  }),
  between(['cut', 'completed'], {
    key: 'cut-completed',
    what: 'cut → Completed',
    budget: { ratio: 1, p90Ratio: 0.5 },
    recorded: { median: 8.1, p90: 12.8 },
  }),
  between(['triggered', 'reported'], {
    key: 'trigger-reported',
    what: 'trigger written → sync reported',
    budget: { ratio: 1 },
    recorded: { median: 5764, p90: 5814 },
  }),
  between(
    ['triggered', 'completed'],
    {
      key: 'slow-ready-completed',
      what: 'trigger written → Completed, storage ready after 8 s',
      budget: { ratio: 0.05 },
      recorded: { median: 8800 },
    },
    'dir-slow-ready',
  ),
  {
    key: 'memory',
    what: 'memory after the last round',
    unit: 'MiB',
    storage: 'dir',
    values: ({ memory }) => [memory.reduce((sum, { mebibytes }) => sum + mebibytes, 0)],
    recorded: { median: 62 },
  },
];

/** The rows of one wish: a named one, or all whose storage does not make people wait. */
export function chosenRows({
  only,
  slow,
}: {
  readonly only?: string;
  readonly slow: boolean;
}): readonly Row[] {
  if (only !== undefined) return ROWS.filter(({ key }) => key === only);
  return ROWS.filter(({ storage }) => slow || storage === 'dir');
}

/** Of all blocks of one system; undefined where it has no such thing. */
export function measured(row: Row, blocks: readonly Block[]): Spread | undefined {
  return spreadOf(
    blocks.filter(({ storage }) => storage === row.storage).flatMap((block) => row.values(block)),
  );
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

function between(
  [from, to]: readonly [Moment, Moment],
  row: Omit<Row, 'unit' | 'values' | 'storage'>,
  storage: Storage = 'dir',
): Row {
  const values = ({ rounds }: { readonly rounds: readonly Round[] }) =>
    rounds.flatMap(({ moments }) => {
      const [start, end] = [moments[from], moments[to]];
      return start === undefined || end === undefined ? [] : [end - start];
    });
  return { ...row, unit: 'ms', storage, values };
}
