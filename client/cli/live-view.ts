// A running sync as `watch` and `sync` show it: a line for each thing that has happened, and one that lives.
import type { MoverProgress } from '../../api/sync.ts';
import { age, brief, bytes } from './print/amounts.ts';
import type { Ink } from './print/ink.ts';
import type { SourcePhase, SourceView } from './source-view.ts';
import { styleOf } from './status-table.ts';
import type { PendingStep } from './temporal-side.ts';

export interface Sight {
  readonly view: SourceView;
  /** The step that Temporal knows of; undefined without Temporal, and between steps. */
  readonly step?: PendingStep | undefined;
}

/** What is worth a line of its own, given what was seen before. */
export function newsIn(before: Sight | undefined, sight: Sight): string | undefined {
  const retried = retryIn(before?.step, sight.step);
  if (retried !== undefined) return retried;
  const { view } = sight;
  const told = before?.view.phase === view.phase ? undefined : NEWS[view.phase]?.(view);
  return told === undefined ? undefined : `${view.phase.padEnd(18)}  ${told}`;
}

function retryIn(before: PendingStep | undefined, step: PendingStep | undefined): string | undefined {
  const failure = step?.lastFailure;
  if (failure === undefined || step?.attempt === before?.attempt) return undefined;
  return `attempt ${step?.attempt}, because of ${failure.reason}: ${failure.message}`;
}

/** Phases that are worth a line when they begin. */
const NEWS: Readonly<Partial<Record<SourcePhase, (view: SourceView) => string>>> = {
  WaitingForTrigger: ({ pvc }) => `the application is asked, on PersistentVolumeClaim ${pvc}`,
  TriggerOverdue: () => 'no trigger yet; the sync keeps waiting',
  Frozen: ({ trigger }) => (trigger === undefined ? 'a person let it proceed' : `trigger ${trigger}`),
  Moving: () => 'the application is released; its copy is carried away',
  Syncing: () => 'a sync runs',
};

/** Where no line can live, it is printed at the beginning, and after each tenth of the data. */
export function isFurther(before: Sight | undefined, sight: Sight): boolean {
  return before === undefined || tenthOf(before) !== tenthOf(sight);
}

function tenthOf({ step }: Sight): number | undefined {
  const fraction = step?.progress === undefined ? undefined : fractionOf(step.progress);
  return fraction === undefined ? undefined : Math.floor(fraction * 10);
}

/** The line that lives. */
export function liveLine({ view, step }: Sight, now: number, ink: Ink): string {
  const phase = ink(styleOf(view.phase), view.phase.padEnd(18));
  const since = view.since === undefined ? '' : age(now - view.since);
  return `${phase}  ${since.padEnd(6)}  ${detailOf({ view, step }, now)}`.trimEnd();
}

function detailOf({ view, step }: Sight, now: number): string {
  return DETAILS[view.phase]?.(view, step, now) ?? '';
}

const atRest = (view: SourceView, _: unknown, now: number): string => restText(view, now);
const atWork = (_: SourceView, step: PendingStep | undefined): string => stepText(step);
const asking = ({ namespace, pvc }: SourceView): string =>
  `set copy-trigger: kubectl stillpoint trigger -n ${namespace} ${pvc}`;

type Detail = (view: SourceView, step: PendingStep | undefined, now: number) => string;

const DETAILS: Readonly<Partial<Record<SourcePhase, Detail>>> = {
  WaitingForTrigger: asking,
  TriggerOverdue: asking,
  Frozen: (view, _, now) => standsStill(view, now),
  Moving: atWork,
  Syncing: atWork,
  Idle: atRest,
  New: atRest,
  Failed: atRest,
};

function standsStill({ releaseBy }: SourceView, now: number): string {
  const bound = releaseBy === undefined ? '' : `, for at most ${age(releaseBy - now)} more`;
  return `the application stands still${bound}`;
}

function restText({ next }: SourceView, now: number): string {
  return typeof next === 'number'
    ? `no sync runs; the next one is due in ${age(next - now)}`
    : 'no sync runs';
}

function stepText(step: PendingStep | undefined): string {
  if (step === undefined) return '';
  if (step.unclaimed) return `${step.name} waits for a worker`;
  return step.progress === undefined ? step.name : progressText(step.progress);
}

const BAR = 24;

/** `[######------------------] 25 %  1.0 GiB of 4.0 GiB  83 MiB/s  ETA 37s`. */
export function progressText(progress: MoverProgress): string {
  const { phase, percent, bytesDone, bytesTotal, bytesPerSecond, secondsRemaining, attempt } = progress;
  const done = fractionOf(progress);
  const bar = done === undefined ? phase : `[${barOf(done)}] ${Math.floor((percent ?? done * 100) + 1e-9)} %`;
  const amount = bytesDone === undefined ? undefined : bytes(bytesDone);
  const parts = [
    bar,
    amount !== undefined && bytesTotal !== undefined ? `${amount} of ${bytes(bytesTotal)}` : amount,
    bytesPerSecond === undefined ? undefined : `${bytes(bytesPerSecond)}/s`,
    remaining(secondsRemaining, progress),
    attempt === undefined ? undefined : `attempt ${attempt}`,
  ];
  return parts.filter((part) => part !== undefined).join('  ');
}

function remaining(said: number | undefined, progress: MoverProgress): string | undefined {
  const { bytesDone, bytesTotal, bytesPerSecond = 0 } = progress;
  const computed =
    bytesDone === undefined || bytesTotal === undefined || bytesPerSecond <= 0
      ? undefined
      : (bytesTotal - bytesDone) / bytesPerSecond;
  const seconds = said ?? computed;
  return seconds === undefined ? undefined : `ETA ${brief(seconds * 1_000)}`;
}

function fractionOf({ percent, bytesDone, bytesTotal }: MoverProgress): number | undefined {
  if (percent !== undefined) return Math.min(1, Math.max(0, percent / 100));
  if (bytesDone === undefined || bytesTotal === undefined || bytesTotal <= 0) return undefined;
  return Math.min(1, bytesDone / bytesTotal);
}

function barOf(fraction: number): string {
  const full = Math.round(fraction * BAR);
  return '#'.repeat(full) + '-'.repeat(BAR - full);
}
