import { Command, InvalidArgumentError } from 'commander';

export interface Options {
  /** Of each system, warm-up not counted. */
  readonly rounds: number;
  readonly name: string;
  readonly only?: string;
  readonly keep: boolean;
  readonly volsync: boolean;
  /** Also the rows whose storage takes its time. */
  readonly slow: boolean;
}

/** `words` are those behind `npm run bench --`. */
export function readOptions(words: readonly string[], rowKeys: readonly string[]): Options {
  return new Command('bench')
    .description('Measures syncs on a local stack, and prints them beside their budgets.')
    .option('--rounds <n>', 'how many syncs to measure', wholeNumber, 24)
    .option('--only <row>', `one row: ${rowKeys.join(', ')}`, oneOf(rowKeys))
    .option('--name <stack>', 'which local stack', 'bench')
    .option('--volsync', 'measure VolSync 0.16.0 beside ours (builds it on first use, five minutes)', false)
    .option('--slow', 'also the rows on slow storage (a quarter of a minute for each round)', false)
    .option('--keep', 'leave the stack up', false)
    .parse(words, { from: 'user' })
    .opts<Options>();
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

function oneOf(rowKeys: readonly string[]): (text: string) => string {
  return (text) => {
    if (!rowKeys.includes(text)) throw new InvalidArgumentError(`It must be one of ${rowKeys.join(', ')}.`);
    return text;
  };
}
