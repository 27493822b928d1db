// From the rounds of single syncs to the figures of their rows.
import type { Block, Round } from './measure.ts';
import { totalOf } from './requests.ts';
import { ROWS } from './rows.ts';
import type { Figures, Group, Row } from './rows.ts';

export function figuresOf(block: Block, group: Group): Figures {
  const { rounds, requests, memory } = block;
  const rows = ROWS.filter((row) => row.group === group);
  const spans = rows.map(({ key, span }) => [key, span ? rounds.flatMap(between(span)) : []] as const);
  const counts: Figures = {
    requests: [totalOf(requests) / rounds.length],
    events: rounds.flatMap(({ history }) => (history ? [history.events] : [])),
    memory: [memory.reduce((sum, { mebibytes }) => sum + mebibytes, 0)],
  };
  return Object.fromEntries(spans.map(([key, times]) => [key, counts[key] ?? times]));
}

function between([from, to]: NonNullable<Row['span']>): (round: Round) => readonly number[] {
  return ({ moments }) => {
    const [start, end] = [moments[from], moments[to]];
    return start === undefined || end === undefined ? [] : [end - start];
  };
}
