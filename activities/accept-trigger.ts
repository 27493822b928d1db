// Accepts the trigger that stands on the pvc (rows 2, 4 and 5 of the window's table): from here the
// application is known to stand still, until release-by at the latest.
import type { PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Quiesced } from '../api/quiesce.ts';
import type { Proceed } from '../api/sync.ts';
import { ANNOTATIONS } from '../domain/copy-trigger.ts';
import type { CopyWindow } from '../domain/copy-trigger.ts';
import { viewOf, applyWindowEvent } from './window.ts';
import type { Applied } from './window.ts';
import { readWindowState } from '../domain/copy-window.ts';
import type { WindowEvent } from '../domain/copy-window.ts';
import { failures } from '../domain/failures.ts';
import { parseTime } from '../domain/time.ts';
import { annotationWrittenAt } from '../domain/managed-fields.ts';
import { refusal } from './context.ts';
import type { Taking } from './context.ts';
import { until } from './watching.ts';

/** An accepted window; times are API-server milliseconds since the epoch. */
export interface Frozen {
  readonly window: CopyWindow;
  /** Undefined when the window is answered already: an earlier attempt released the application and was not heard. */
  readonly releaseBy: number | undefined;
  /** Since when the application stands still, as well as we can know. */
  readonly triggeredAt: number;
}

/** Undefined when there is nothing to accept yet, or when the source was edited since the plan was made. */
export async function acceptTrigger(
  taking: Taking,
  word: Proceed | Quiesced | undefined,
): Promise<Frozen | undefined> {
  const { context, pvc, signal } = taking;
  const { cluster } = context;
  if (outdated(taking)) return undefined;
  for (;;) {
    const applied = await applyWindowEvent({ cluster, pvc, signal, from: 'watch' }, acceptance(taking, word));
    const { decision } = applied;
    if (decision.do === 'patch') return frozenBy(taking, applied, { window: decision.window, word });
    if (decision.do === 'nothing' && decision.because === 'done' && decision.window !== undefined)
      return frozenBy(taking, applied, { window: decision.window, word });
    if (decision.do === 'nothing') return undefined;
    if (decision.do !== 'wait') throw lost(taking, applied);
    await anotherVersion(taking, applied.pvc);
  }
}

/** Whose window is gone: the pvc went with it, or somebody closed or replaced it. */
export function lost({ pvc: { namespace, name } }: Taking, { pvc }: Applied) {
  return refusal(
    pvc === undefined
      ? failures.pvcMissing(`${namespace}/${name}`)
      : failures.windowLost(`${namespace}/${name}`),
  );
}

function acceptance({ plan, run }: Taking, word: Proceed | Quiesced | undefined): WindowEvent {
  const { gate } = plan;
  const windowId = gate.kind === 'open' ? '' : gate.windowId;
  const { freezeBoundMs } = plan.limits;
  if (word !== undefined) {
    const bound = isQuiesced(word) ? { standsStillUntil: word.standsStillUntil } : {};
    return { kind: 'proceed', run, windowId, by: word.by, freezeBoundMs, ...bound };
  }
  const preset = gate.kind === 'triggered' ? { preset: gate.trigger } : {};
  return { kind: 'trigger', run, windowId, asked: gate.kind === 'asked', ...preset, freezeBoundMs };
}

// The plan is pinned at acceptance: a retry that finds its window accepted keeps it, whatever was edited since.
function outdated({ context, plan, pvc, run }: Taking): boolean {
  const source = context.cluster.sources.watch().get(plan.source);
  if (source === undefined || source.metadata.generation === plan.generation) return false;
  const watched = context.cluster.pvcs.watch().get(pvc);
  const current = watched && readWindowState(viewOf(watched));
  return !(current?.state === 'frozen' && current.window.runs.includes(run));
}

function isQuiesced(word: Proceed | Quiesced): word is Quiesced {
  return 'standsStillUntil' in word;
}

interface Accepted {
  readonly window: CopyWindow;
  readonly word: Proceed | Quiesced | undefined;
}

function frozenBy({ plan }: Taking, { pvc, time }: Applied, { window, word }: Accepted): Frozen {
  const releaseBy = parseTime(pvc?.metadata.annotations?.[ANNOTATIONS.releaseBy]);
  const asked = plan.gate.kind === 'asked' ? Date.parse(plan.gate.waitingSince) : 0;
  const byTrigger = window.trigger === undefined ? undefined : pvc && standsStillSince(pvc, asked);
  const stood = byTrigger ?? sinceBy(word) ?? time;
  return {
    window,
    releaseBy: window.result === 'Completed' ? undefined : (releaseBy ?? time),
    triggeredAt: Math.min(time, Math.max(asked, stood)),
  };
}

function sinceBy(word: Accepted['word']): number | undefined {
  return word !== undefined && isQuiesced(word) ? word.since : undefined;
}

/**
 * By the owner's own word, else by the time at which the trigger was written. A word from before the question
 * is left over from an earlier copy.
 */
export function standsStillSince(pvc: PersistentVolumeClaim, asked: number): number | undefined {
  const quiescedAt = Date.parse(pvc.metadata.annotations?.[ANNOTATIONS.quiescedAt] ?? '');
  return quiescedAt >= asked ? quiescedAt : annotationWrittenAt(pvc, ANNOTATIONS.copyTrigger);
}

async function anotherVersion(
  { context, pvc, signal }: Taking,
  seen: PersistentVolumeClaim | undefined,
): Promise<void> {
  const watch = context.cluster.pvcs.watch();
  const changed = () =>
    watch.get(pvc)?.metadata.resourceVersion === seen?.metadata.resourceVersion ? undefined : true;
  await until([watch], changed, signal);
}
