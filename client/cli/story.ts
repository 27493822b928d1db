// One sync told as a story with times.
import type { RunRecord, RunResult, StoryLine } from './run-record.ts';
import { brief, bytes, clock } from './print/amounts.ts';
import type { Ink, Style } from './print/ink.ts';

export const RESULT_STYLES: Readonly<Record<RunResult, Style | undefined>> = {
  Running: 'cyan',
  Successful: 'green',
  Failed: 'red',
  Refused: 'red',
  Cancelled: 'yellow',
  Terminated: 'red',
  TimedOut: 'red',
  Continued: undefined,
};

export interface StoryOf {
  /** Namespace and name of the source. */
  readonly name: string;
  readonly run: string;
}

export function storyText({ name, run }: StoryOf, record: RunRecord, ink: Ink): string {
  const facts = factsOf(record).map(([what, value]) => `  ${what.padEnd(10)}${value}`);
  const day = record.startedAt;
  const lines = record.lines.map((line) => lineText(line, { day, ink }));
  const head = `${ink('bold', name)}  ${run}  ${ink(RESULT_STYLES[record.result], record.result)}`;
  return [head, ...facts, '', ...lines].join('\n');
}

type Fact = readonly [what: string, value: string | undefined];

function factsOf(record: RunRecord): readonly (readonly [string, string])[] {
  const { plan, moved, cause, startedAt, endedAt } = record;
  const facts: readonly Fact[] = [
    ['day', `${new Date(startedAt).toISOString().slice(0, 10)} (UTC)`],
    ['pvc', plan && `${plan.pvc.name} (${plan.copyMethod}) → ${plan.mover}`],
    ...factsOfCopy(record),
    ['moved', moved?.bytes === undefined ? undefined : bytes(moved.bytes)],
    ['took', endedAt === undefined ? undefined : brief(endedAt - startedAt)],
    ['because', cause && `${cause.reason}: ${cause.message}`],
  ];
  return facts.flatMap(([what, value]) => (value === undefined ? [] : [[what, value] as const]));
}

function factsOfCopy({ copy }: RunRecord): readonly Fact[] {
  if (copy === undefined) return [];
  return [
    ['trigger', copy.trigger],
    ['proceeded', copy.by && `by ${copy.by}`],
    ['copy', copy.consistency],
    ['frozen', copy.freezeMs === undefined ? undefined : brief(copy.freezeMs)],
  ];
}

function lineText({ at, text, bad }: StoryLine, { day, ink }: { day: number; ink: Ink }): string {
  const since = at > day ? `+${brief(at - day)}` : '';
  return `  ${clock(at, day)}  ${ink('dim', since.padEnd(8))}${ink(bad === true ? 'yellow' : undefined, text)}`;
}
