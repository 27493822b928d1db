// A pvc in each state of its window, and the events that move it, made by the state machine itself.
import { ANNOTATIONS as A, readCopyWindow } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import { decide } from '../../domain/copy-window.ts';
import type { PvcView, WindowDecision, WindowEvent } from '../../domain/copy-window.ts';
import { failures } from '../../domain/failures.ts';

export const NOW = Date.parse('2026-07-02T10:00:00Z');
export const BOUND = 600_000;
export const cancelled = failures.cancelled('shop/orders');

export const begin = (run = 'run-1', windowId = 'w1'): WindowEvent => ({
  kind: 'begin',
  run,
  windowId,
  answerVisibleMs: 30_000,
});
export const trigger = (run = 'run-1', asked = true): WindowEvent => ({
  kind: 'trigger',
  run,
  windowId: 'w1',
  asked,
  freezeBoundMs: BOUND,
});
export const proceed: WindowEvent = {
  kind: 'proceed',
  run: 'run-1',
  windowId: 'w1',
  by: 'ada',
  freezeBoundMs: BOUND,
};
export const cut = (...cutRuns: string[]): WindowEvent => ({ kind: 'cut', windowId: 'w1', cutRuns });
export const leave = (run = 'run-1'): WindowEvent => ({ kind: 'leave', run, failure: cancelled });
export const guard = (stoodForMs: number): WindowEvent => ({
  kind: 'guard',
  stoodForMs,
  boundMs: BOUND,
  failure: cancelled,
});

export function optedIn(annotations: Annotations = {}): PvcView {
  return { uid: 'uid-1', annotations: { [A.useCopyTrigger]: '', ...annotations } };
}

export function asked(annotations: Annotations = {}): PvcView {
  const pvc = apply(optedIn(), begin());
  return { uid: pvc.uid, annotations: { ...pvc.annotations, ...annotations } };
}

export function frozen(annotations: Annotations = {}): PvcView {
  const pvc = apply(asked({ [A.copyTrigger]: 't1' }), trigger());
  return { uid: pvc.uid, annotations: { ...pvc.annotations, ...annotations } };
}

export function completed(): PvcView {
  return apply(frozen(), cut('run-1'));
}

export function windowOf(pvc: PvcView) {
  return readCopyWindow(pvc.annotations);
}

export function apply(pvc: PvcView, event: WindowEvent, now = NOW): PvcView {
  return { uid: pvc.uid, annotations: merged(pvc.annotations, decide(pvc, event, now)) };
}

function merged(annotations: Annotations, decision: WindowDecision): Annotations {
  if (decision.do !== 'patch') throw new Error(`expected a patch, got ${JSON.stringify(decision)}`);
  const entries = Object.entries({ ...annotations, ...decision.annotations }).filter(
    ([, value]) => value !== null,
  );
  return Object.fromEntries(entries) as Annotations;
}
