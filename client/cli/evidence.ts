// What an explanation rests on, line by line.
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { synchronizingCondition } from '../../domain/synchronizing-condition.ts';
import type { Explanation, Facts, TemporalFacts } from './explanation.ts';
import { shortRun } from './history-table.ts';
import { brief } from './print/amounts.ts';
import type { RunLook } from './temporal-side.ts';

export function evidenceOf({ source, pvc, view, temporal, warnings }: Facts): Explanation['evidence'] {
  const condition = synchronizingCondition(source);
  const annotations = Object.values(ANNOTATIONS)
    .filter((key) => key !== ANNOTATIONS.copyWindow && pvc?.metadata.annotations?.[key] !== undefined)
    .map((key) => [`pvc ${key}`, pvc?.metadata.annotations?.[key] || '""'] as const);
  return [
    ['phase', view.phase],
    ['condition', condition === undefined ? 'none' : `${condition.reason}: ${condition.message}`],
    ...annotations,
    ...temporalEvidence(temporal),
    ...warnings.slice(-MOST_WARNINGS).map((warning) => ['warning', warning] as const),
  ];
}

const MOST_WARNINGS = 3;

function temporalEvidence(temporal: Facts['temporal']): Explanation['evidence'] {
  if ('unreachable' in temporal) return [['Temporal', temporal.unreachable]];
  const { schedule, running, latest, workers, moverWorkers } = temporal;
  const state = schedule?.paused === true ? `paused (${schedule.note ?? ''})` : 'active';
  return [
    ['schedule', schedule === undefined ? 'none' : `${state}, ${schedule.starts} syncs started`],
    ['running', running === undefined ? 'no sync' : `${shortRun(running.id)}, ${stepsText(running.look)}`],
    ...(latest === undefined ? [] : [['latest', latestText(latest)] as const]),
    ['workers', `${workers} for steps, ${moverWorkers} for movers`],
  ];
}

function stepsText({ steps }: RunLook): string {
  return steps.length === 0
    ? 'between two steps'
    : steps.map(({ name, attempt }) => `${name} (attempt ${attempt})`).join(', ');
}

function latestText({ id, record }: NonNullable<TemporalFacts['latest']>): string {
  const { result, cause, startedAt, endedAt } = record;
  const took = endedAt === undefined ? '' : ` after ${brief(endedAt - startedAt)}`;
  return `${shortRun(id)}: ${result}${took}${cause === undefined ? '' : `, ${cause.reason}`}`;
}
