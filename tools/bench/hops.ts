// Where the time goes: our hops through Temporal, from the history's times
// and the watcher's moments on one wall clock.
import type { Block, Round } from './measure.ts';
import type { Moment } from './moments.ts';
import { spreadOf } from './statistics.ts';
import { aligned } from './table.ts';

/** What happens, from and to which moment of the watcher or time of the history. */
const HOPS = [
  ['the controller and its schedule start the workflow', 'due', 'workflow started'],
  ['beginSync starts', 'workflow started', 'beginSync started'],
  ['beginSync asks (WaitingForTrigger)', 'beginSync started', 'waiting'],
  ['beginSync ends', 'waiting', 'beginSync completed'],
  ['the owner sees it and sets the trigger', 'waiting', 'triggered'],
  ['the controller sends the signal', 'triggered', 'signal'],
  ['Temporal wakes the workflow', 'signal', 'woken'],
  ['the workflow schedules takeCopy', 'woken', 'takeCopy scheduled'],
  ['Temporal hands takeCopy to the worker', 'takeCopy scheduled', 'takeCopy started'],
  ['takeCopy accepts the trigger (InProgress)', 'takeCopy started', 'accepted'],
  ['takeCopy creates the VolumeSnapshot', 'accepted', 'created'],
  ['the storage cuts', 'created', 'cut'],
  ['takeCopy releases (Completed)', 'cut', 'completed'],
  ['takeCopy ends', 'completed', 'takeCopy completed'],
  ['the workflow schedules moveCopy, and it starts', 'takeCopy completed', 'moveCopy started'],
  ['moveCopy: volume, Job, restic', 'moveCopy started', 'moveCopy completed'],
  ['closeSync starts', 'moveCopy completed', 'closeSync started'],
  ['closeSync reports', 'closeSync started', 'reported'],
  ['closeSync tidies up', 'reported', 'closeSync completed'],
] as const;

export function hopTable(blocks: readonly Block[]): string {
  const rounds = blocks.flatMap((block) => block.rounds);
  const lines = HOPS.map(([what, from, to]) => {
    const spread = spreadOf(rounds.flatMap((round) => hop(round, from, to)));
    return spread ? [what, spread.median.toFixed(1), spread.p90.toFixed(1)] : [what, '–', '–'];
  });
  return aligned([['hop, ms', 'median', 'p90'], ...lines]);
}

function hop(round: Round, from: string, to: string): number[] {
  const [start, end] = [timeOf(round, from), timeOf(round, to)];
  return start === undefined || end === undefined ? [] : [end - start];
}

function timeOf({ moments, history }: Round, name: string): number | undefined {
  const seen = moments[name as Moment];
  return seen === undefined ? history?.times[name] : performance.timeOrigin + seen;
}
