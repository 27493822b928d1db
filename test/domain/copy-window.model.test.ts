// A random walk over the real `decide`: two syncs with retries and stalled attempts, guard, owner, storage, people and
// clocks, in any order. STILLPOINT_MODEL_WALKS sets how many walks are taken, STILLPOINT_MODEL_SEED which.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A, freshTrigger } from '../../domain/copy-trigger.ts';
import type { AnnotationPatch, Annotations } from '../../domain/copy-trigger.ts';
import { MARGIN_MS, decide, readWindowState } from '../../domain/copy-window.ts';
import type { PvcView, WindowDecision, WindowEvent } from '../../domain/copy-window.ts';
import { INVARIANTS } from './window-model/judge.ts';
import { take, walks } from './window-model/walk.ts';
import { REAL } from './window-model/world.ts';
import type { Parts } from './window-model/world.ts';

const WALKS = Number(process.env['STILLPOINT_MODEL_WALKS'] ?? 3_000);
const SEED = Number(process.env['STILLPOINT_MODEL_SEED'] ?? 15);

describe('the copy window, whatever happens in whatever order', () => {
  it(`keeps every invariant in ${WALKS} walks`, { timeout: 60_000 + WALKS * 10 }, () => {
    fc.assert(
      fc.property(walks, (walk) => take(walk, REAL)),
      { numRuns: WALKS, seed: SEED },
    );
  });
});

/** A `decide` that is wrong in one way. */
type Wrong = (pvc: PvcView, event: WindowEvent, now: number) => WindowDecision;

interface Mutation {
  readonly without: string;
  readonly breaks: keyof typeof INVARIANTS;
  readonly wrong: Partial<Parts>;
}

const mutations: readonly Mutation[] = [
  { without: 'the window id', breaks: 'released', wrong: { decide: anyWindow } },
  { without: 'the window id in the release', breaks: 'truth', wrong: { decide: anyRelease } },
  { without: 'the margin for clocks that differ', breaks: 'truth', wrong: { decide: noMargin } },
  { without: 'the deadline before Completed', breaks: 'truth', wrong: { decide: neverLate } },
  { without: 'valid-until', breaks: 'truth', wrong: { decide: noValidUntil } },
  { without: 'the worker’s own deadline', breaks: 'truth', wrong: { decide: noStandsStillUntil } },
  { without: 'waiting for every copy of the window', breaks: 'truth', wrong: { decide: oneIsEnough } },
  { without: 'preconditions', breaks: 'once', wrong: { preconditions: false } },
  { without: 'the pinned trigger', breaks: 'once', wrong: { decide: answersTheLatest } },
  { without: 'using a failed trigger up', breaks: 'once', wrong: { decide: keepsFailedTriggers } },
  { without: 'waiting for a fresh trigger', breaks: 'early', wrong: { decide: acceptsNothing } },
  { without: 'closing what died', breaks: 'released', wrong: { tidied: false } },
  { without: 'the guard', breaks: 'released', wrong: { decide: sleepingGuard } },
  { without: 'respect for the user’s keys', breaks: 'keys', wrong: { decide: tidiesTheTrigger } },
  { without: 'an owner that takes its trigger back', breaks: 'truth', wrong: { triggerTakenBack: false } },
];

describe('the walk notices a window', () => {
  it.each(mutations)('without $without', { timeout: 120_000 }, ({ wrong, breaks }) => {
    const parts = { ...REAL, ...wrong };
    const failed = fc.check(
      fc.property(walks, (walk) => take(walk, parts)),
      { numRuns: 10 * WALKS, seed: SEED, endOnFailure: true },
    );
    expect(failed.failed).toBe(true);
    expect(String(failed.errorInstance)).toContain(INVARIANTS[breaks]);
  });
});

// A stalled attempt takes whatever window stands there for its own.
function anyWindow(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  const id = readWindowState(pvc).window?.id;
  const claims = event.kind === 'cut' || event.kind === 'trigger' || event.kind === 'proceed';
  return decide(pvc, claims && id !== undefined ? { ...event, windowId: id } : event, now);
}

// The copies of an earlier window answer for this one.
function anyRelease(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  return event.kind === 'cut' ? anyWindow(pvc, event, now) : decide(pvc, event, now);
}

function noMargin(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  return decide(pvc, event, event.kind === 'cut' ? now - MARGIN_MS : now);
}

function neverLate(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  return decide(pvc, event, event.kind === 'cut' ? 0 : now);
}

function noValidUntil(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  return decide(changed(pvc, { [A.triggerValidUntil]: undefined }), event, now);
}

function noStandsStillUntil(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  if (event.kind !== 'proceed') return decide(pvc, event, now);
  const { standsStillUntil: _, ...word } = event;
  return decide(pvc, word, now);
}

function oneIsEnough(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  const { window } = readWindowState(pvc);
  const cut = event.kind === 'cut' && event.cutRuns.length > 0;
  return decide(pvc, cut ? { ...event, cutRuns: window?.runs ?? [] } : event, now);
}

function answersTheLatest(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  const fresh = freshTrigger(pvc.annotations);
  return event.kind === 'cut' && fresh !== undefined
    ? rewritten(decide(pvc, event, now), { [A.latestCopyTrigger]: fresh })
    : decide(pvc, event, now);
}

function keepsFailedTriggers(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  const decision = decide(pvc, event, now);
  if (event.kind === 'cut' || decision.do !== 'patch') return decision;
  const { [A.latestCopyTrigger]: _, ...annotations } = decision.annotations;
  return { ...decision, annotations };
}

function acceptsNothing(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  const awaited = event.kind === 'trigger' && freshTrigger(pvc.annotations) === undefined;
  return decide(awaited ? changed(pvc, { [A.copyTrigger]: 'none' }) : pvc, event, now);
}

function sleepingGuard(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  return event.kind === 'guard' ? { do: 'nothing', because: 'notOurs' } : decide(pvc, event, now);
}

function tidiesTheTrigger(...[pvc, event, now]: Parameters<Wrong>): WindowDecision {
  const decision = decide(pvc, event, now);
  return event.kind === 'cut' ? rewritten(decision, { [A.copyTrigger]: null }) : decision;
}

function changed(pvc: PvcView, annotations: Annotations): PvcView {
  return { ...pvc, annotations: { ...pvc.annotations, ...annotations } };
}

function rewritten(decision: WindowDecision, annotations: AnnotationPatch): WindowDecision {
  return decision.do === 'patch'
    ? { ...decision, annotations: { ...decision.annotations, ...annotations } }
    : decision;
}
