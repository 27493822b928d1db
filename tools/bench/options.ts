import { Command, InvalidArgumentError } from 'commander';
import { GROUPS, ROWS } from './rows.ts';
import type { Group } from './rows.ts';

export interface Options {
  /** Of each system, warm-up not counted; slower groups are played less often. */
  readonly rounds: number;
  readonly name: string;
  /** A row, or a group of them. */
  readonly only?: string;
  readonly keep: boolean;
  readonly volsync: boolean;
  readonly groups: readonly Group[];
  /** How many pvcs wait at once. */
  readonly pvcs: number;
  /** What movers carry, as a share of 1 GiB in 20,000 files and 4 GiB in one. */
  readonly moversScale: number;
}

/** `words` are those behind `npm run bench --`. */
export function readOptions(words: readonly string[]): Options {
  const keys = [...new Set([...GROUPS, ...ROWS.map(({ key }) => key)])];
  const { all, slow, crowd, killed, waiting, movers, cli, ...options } = new Command('bench')
    .description('Measures syncs on a local stack, and prints them beside their budgets.')
    .option('--rounds <n>', 'how many syncs to measure', wholeNumber, 24)
    .option('--only <rows>', `one group or row: ${keys.join(', ')}`, oneOf(keys))
    .option('--name <stack>', 'which local stack', 'bench')
    .option('--volsync', 'measure VolSync 0.16.0 beside ours (builds it on first use, five minutes)', false)
    .option('--slow', 'also on slow storage (a quarter of a minute for each round)', false)
    .option('--crowd', 'also 100 sources at once (two minutes for each round)', false)
    .option('--killed', 'also with workers that are killed (ten minutes)', false)
    .option('--waiting', 'also with many pvcs waiting; forgets the stack afterwards', false)
    .option('--pvcs <n>', 'how many of them', wholeNumber, 10_000)
    .option('--movers', 'also each mover beside the tool that it calls, with 5 GiB; forgets the stack', false)
    .option('--cli', 'also what kubectl stillpoint status costs before it prints', false)
    .option('--movers-scale <share>', 'with so much of it', share, 1)
    .option('--all', 'every row, VolSync beside it', false)
    .option('--keep', 'leave the stack up', false)
    .parse(words, { from: 'user' })
    .opts<Flags>();
  const wanted: Record<Group, boolean> = {
    sync: true,
    slow,
    crowd,
    'killed-window': killed,
    'killed-mover': killed,
    waiting,
    movers,
    cli,
  };
  const alone = ROWS.find(({ key }) => key === options.only)?.group ?? options.only;
  const groups = GROUPS.filter((group) => (alone === undefined ? all || wanted[group] : group === alone));
  return { ...options, volsync: options.volsync || all, groups };
}

type Flags = Omit<Options, 'groups'> &
  Readonly<Record<'all' | 'slow' | 'crowd' | 'killed' | 'waiting' | 'movers' | 'cli', boolean>>;

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

function share(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 1)) throw new InvalidArgumentError('It must be more than 0 and at most 1.');
  return number;
}

function oneOf(rowKeys: readonly string[]): (text: string) => string {
  return (text) => {
    if (!rowKeys.includes(text)) throw new InvalidArgumentError(`It must be one of ${rowKeys.join(', ')}.`);
    return text;
  };
}
