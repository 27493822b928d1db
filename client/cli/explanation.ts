// Why a source is not synchronising, or what its sync waits for: one sentence, and what it rests on. The first
// reason that holds is told; they stand in the order in which one would rule them out.
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { MARGIN_MS } from '../../domain/copy-window.ts';
import { SCHEDULE_ANNOTATIONS, triggerKind, wantedSchedule } from '../../domain/schedule.ts';
import { waitsForPeople } from '../../domain/sync-request.ts';
import { synchronizingCondition } from '../../domain/synchronizing-condition.ts';
import { parseTime } from '../../domain/time.ts';
import { evidenceOf } from './evidence.ts';
import { progressText } from './live-view.ts';
import { age, clock } from './print/amounts.ts';
import type { RunRecord } from './run-record.ts';
import type { SourceView } from './source-view.ts';
import type { PendingStep, RunLook } from './temporal-side.ts';

/** What Temporal says of the source. */
export interface TemporalFacts {
  readonly schedule:
    | {
        readonly paused: boolean;
        readonly note?: string | undefined;
        readonly next: readonly number[];
        readonly starts: number;
      }
    | undefined;
  readonly running?: { readonly id: string; readonly look: RunLook } | undefined;
  /** The latest one, once it has ended. */
  readonly latest?: { readonly id: string; readonly record: RunRecord } | undefined;
  /** Workers that ask for work, for steps and for movers. */
  readonly workers: number;
  readonly moverWorkers: number;
}

export interface Facts {
  readonly source: ReplicationSource;
  readonly pvc: PersistentVolumeClaim | undefined;
  readonly view: SourceView;
  /** API server's time, milliseconds since the epoch. */
  readonly now: number;
  readonly temporal: TemporalFacts | { readonly unreachable: string };
  /** Of the Warning events of the source, newest last. */
  readonly warnings: readonly string[];
}

export interface Explanation {
  readonly sentence: string;
  /** What to type or to look at; undefined when there is nothing to do. */
  readonly advice?: string | undefined;
  readonly evidence: readonly (readonly [what: string, value: string])[];
}

export function explain(facts: Facts): Explanation {
  for (const reason of REASONS) {
    const found = reason(facts);
    if (found !== undefined) return { ...found, evidence: evidenceOf(facts) };
  }
  return { sentence: 'Nothing is wrong that can be seen from here.', evidence: evidenceOf(facts) };
}

type Found = Omit<Explanation, 'evidence'> | undefined;

const REASONS: readonly ((facts: Facts) => Found)[] = [
  deleting,
  foreign,
  noPvc,
  standsStill,
  unclaimed,
  waits,
  moves,
  runs,
  temporalAway,
  paused,
  pausedInTemporal,
  noTimes,
  noSchedule,
  failed,
  waitsForPerson,
  waitsForTag,
  due,
];

function command(verb: string, { view }: Facts, name = view.name): string {
  return `kubectl stillpoint ${verb} -n ${view.namespace} ${name}`;
}

function deleting({ source }: Facts): Found {
  if (source.metadata.deletionTimestamp === undefined) return undefined;
  const { finalizers = [] } = source.metadata;
  const why =
    finalizers.length > 0 ? `; it stays until its finalizers are gone (${finalizers.join(', ')})` : '';
  return { sentence: `It is being deleted, so no sync starts${why}.` };
}

function foreign({ source, view }: Facts): Found {
  if (view.phase !== 'Foreign') return undefined;
  const provider = source.spec?.external?.provider;
  return {
    sentence: `It is not served by Stillpoint: spec.external hands it to ${provider ?? 'somebody else'}.`,
  };
}

function noPvc({ pvc, view }: Facts): Found {
  if (pvc !== undefined || view.pvc === '') return undefined;
  return {
    sentence: `PersistentVolumeClaim ${view.pvc} does not exist, so there is nothing to copy.`,
    advice: 'Create it, or correct spec.sourcePVC; a sync starts by itself within a quarter of an hour.',
  };
}

function standsStill({ view, now }: Facts): Found {
  if (view.phase !== 'Frozen') return undefined;
  const { releaseBy } = view;
  const over = releaseBy !== undefined && now > releaseBy + MARGIN_MS;
  if (over)
    return {
      sentence: `The application stands still although its deadline passed ${age(now - releaseBy)} ago: neither worker nor guard is at work.`,
      advice: 'Let the application go on by hand, then: kubectl stillpoint doctor',
    };
  const left = releaseBy === undefined ? '' : `, for ${age(releaseBy - now)} at most`;
  return { sentence: `It is synchronising: the application stands still until its image is cut${left}.` };
}

function unclaimed({ temporal }: Facts): Found {
  const running = 'unreachable' in temporal ? undefined : temporal.running;
  if (running === undefined || 'unreachable' in temporal) return undefined;
  const none =
    temporal.workers === 0
      ? 'steps'
      : temporal.moverWorkers === 0 && waitsForMover(running.look)
        ? 'movers'
        : undefined;
  if (none === undefined) return undefined;
  return {
    sentence: `Its sync has started, but no worker asks Temporal for ${none}, so nothing goes on.`,
    advice: 'Start a worker, or look why those that run cannot reach Temporal: kubectl stillpoint doctor',
  };
}

function waitsForMover({ steps }: RunLook): boolean {
  // One whose movers all run asks for no more of them.
  return steps.some(({ name, unclaimed: waiting }) => name === 'moveCopy' && waiting);
}

function waits(facts: Facts): Found {
  const { view, now } = facts;
  if (view.phase !== 'WaitingForTrigger' && view.phase !== 'TriggerOverdue') return undefined;
  const since = view.since === undefined ? '' : ` for ${age(now - view.since)}`;
  if (view.trigger !== undefined) return waitsBesideTrigger(facts, view.trigger);
  return {
    sentence: `It has waited for the application${since}: nobody has set a new copy-trigger on PersistentVolumeClaim ${view.pvc}.`,
    advice: `Quiesce, then: ${command('trigger', facts, view.pvc)}; or copy without: ${command('proceed', facts)} --reason …`,
  };
}

function waitsBesideTrigger(facts: Facts, trigger: string): Found {
  const { view, pvc, now } = facts;
  const validUntil = parseTime(pvc?.metadata.annotations?.[ANNOTATIONS.triggerValidUntil]);
  if (validUntil !== undefined && validUntil - MARGIN_MS < now)
    return {
      sentence: `It waits for the application: the trigger ${trigger} stands there, but the promise behind it ended ${clock(validUntil)}.`,
      advice: `Set a new trigger: ${command('trigger', facts, view.pvc)}`,
    };
  return {
    sentence: `The trigger ${trigger} stands on PersistentVolumeClaim ${view.pvc}, and no sync has accepted it yet.`,
    advice: 'If that lasts for more than seconds: kubectl stillpoint doctor',
  };
}

function moves({ view, temporal, now }: Facts): Found {
  const step = 'unreachable' in temporal ? undefined : temporal.running?.look.steps[0];
  const isMoving = view.phase === 'Moving' || view.phase === 'Syncing';
  return step !== undefined && isMoving ? { sentence: stepSentence(step, now) } : undefined;
}

function stepSentence({ name, attempt, lastFailure, startedAt, progress }: PendingStep, now: number): string {
  if (lastFailure !== undefined && attempt > 1)
    return `It is synchronising, attempt ${attempt} of its step ${name}: the one before failed with ${lastFailure.reason}: ${lastFailure.message}`;
  const since = startedAt === undefined ? '' : ` for ${age(now - startedAt)}`;
  const doing = name === 'moveCopy' ? 'its copy is carried away' : `the step ${name} runs`;
  const how = progress === undefined ? '' : `: ${progressText(progress)}`;
  return `It is synchronising: ${doing}${since}${how}.`;
}

function runs({ view, now }: Facts): Found {
  if (view.phase !== 'Moving' && view.phase !== 'Syncing') return undefined;
  const since = view.since === undefined ? '' : `, for ${age(now - view.since)}`;
  return { sentence: `It is synchronising${since}.` };
}

function temporalAway({ temporal }: Facts): Found {
  if (!('unreachable' in temporal)) return undefined;
  return {
    sentence: `Temporal cannot be asked from here, so why no sync runs is not known: ${temporal.unreachable}`,
  };
}

function paused(facts: Facts): Found {
  if (facts.source.spec?.paused !== true) return undefined;
  return { sentence: 'It is paused (spec.paused), so no sync starts.', advice: command('resume', facts) };
}

function pausedInTemporal({ temporal, view }: Facts): Found {
  if ('unreachable' in temporal || temporal.schedule?.paused !== true) return undefined;
  const { note = 'without a note' } = temporal.schedule;
  return {
    sentence: `A person has paused its schedule in Temporal (${note || 'without a note'}), so no sync starts.`,
    advice: `temporal schedule toggle --unpause --schedule-id source/${view.namespace}/${view.name}`,
  };
}

function noTimes({ source }: Facts): Found {
  const refusal = wantedSchedule(source)?.refusal;
  if (refusal === undefined) return undefined;
  return {
    sentence: `Its times cannot be read: ${refusal}.`,
    advice: 'Correct it; the next sync follows by itself.',
  };
}

function noSchedule({ temporal }: Facts): Found {
  if ('unreachable' in temporal || temporal.schedule !== undefined) return undefined;
  return {
    sentence: 'It has no schedule in Temporal: the controller has not seen it, or is not running.',
    advice: 'kubectl stillpoint doctor',
  };
}

function failed(facts: Facts): Found {
  const { view, source, temporal, now } = facts;
  if (view.phase !== 'Failed') return undefined;
  const message = synchronizingCondition(source)?.message ?? 'without a reason';
  const refused = !('unreachable' in temporal) && temporal.latest?.record.result === 'Refused';
  const next = nextText(facts);
  const since = view.since === undefined ? '' : ` ${age(now - view.since)} ago`;
  return refused
    ? {
        sentence: `Its last sync was refused${since}: ${message}`,
        advice: 'Mend that; it is tried again by itself.',
      }
    : {
        sentence: `Its last sync failed${since}: ${message}`,
        advice: next && `${next}; or now: ${command('sync', facts)}`,
      };
}

function waitsForPerson(facts: Facts): Found {
  if (!waitsForPeople(facts.source)) return undefined;
  return {
    sentence:
      `It has never been synchronised, and ${SCHEDULE_ANNOTATIONS.firstSync}: wait keeps the first sync back. ${nextText(facts) ?? ''}`.trim(),
    advice: command('sync', facts),
  };
}

function waitsForTag(facts: Facts): Found {
  const { source, now, view } = facts;
  const tag = source.spec?.trigger?.manual;
  if (triggerKind(source) !== 'manual' || tag !== source.status?.lastManualSync) return undefined;
  const last = view.lastSync === undefined ? '' : `, ${age(now - view.lastSync)} ago`;
  return {
    sentence: `Nothing is wrong: its manual tag ${tag} has been answered${last}, and a new one starts the next sync.`,
    advice: `Set another spec.trigger.manual, or: ${command('sync', facts)}`,
  };
}

function due(facts: Facts): Found {
  const next = nextText(facts);
  const last = facts.view.lastSync;
  const ended =
    last === undefined ? 'no sync has ended yet' : `the last sync ended ${age(facts.now - last)} ago`;
  return { sentence: `Nothing is wrong: ${ended}${next === undefined ? '' : `. ${next}`}.` };
}

function nextText({ temporal, view, now }: Facts): string | undefined {
  const planned = 'unreachable' in temporal ? undefined : temporal.schedule?.next[0];
  const next = planned ?? (typeof view.next === 'number' ? view.next : undefined);
  return next === undefined ? undefined : `The next one is due in ${age(next - now)}, ${clock(next)} UTC`;
}
