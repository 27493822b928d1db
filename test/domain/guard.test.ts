import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS, decide } from '../../domain/copy-window.ts';
import type { PvcView } from '../../domain/copy-window.ts';
import { endangered, guardWaits } from '../../domain/guard.ts';

const NOW = Date.parse('2026-07-02T10:00:00Z');
const BOUND = 600_000;
const window = (result?: string) =>
  JSON.stringify({ id: 'w1', pvc: 'uid-1', runs: ['run-1'], ...(result && { result }) });

const frozen = aPvc({
  [A.latestCopyStatus]: 'InProgress',
  [A.releaseBy]: '2026-07-02T10:05:00Z',
  [A.copyWindow]: window(),
});
const frozenWithout = aPvc({
  [A.latestCopyStatus]: 'InProgress',
  [A.releaseBy]: 'soon',
  [A.copyWindow]: window(),
});
const asked = { [A.latestCopyStatus]: 'WaitingForTrigger', [A.copyWindow]: window() };
const failed = {
  [A.latestCopyStatus]: 'Failed',
  [A.latestCopyTrigger]: 't1',
  [A.copyWindow]: window('Failed'),
};

describe('the guard watches', () => {
  it.each([
    ['a pvc without a window', aPvc({})],
    ['what VolSync has left', aPvc({ [A.latestCopyStatus]: 'InProgress' })],
    ['an application that is asked and has said nothing', aPvc(asked)],
    [
      'one that was answered',
      aPvc({ [A.latestCopyStatus]: 'Completed', [A.copyWindow]: window('Completed') }),
    ],
    ['one whose copy failed and that has said nothing since', aPvc({ ...failed, [A.copyTrigger]: 't1' })],
  ])('not: %s', (_title, pvc) => {
    expect(endangered(pvc, 'orders')).toBeUndefined();
  });

  it.each([
    ['one that stands still for a copy (row 8)', frozen, 'ReleasedByGuard'],
    [
      'one whose trigger nobody accepts (row 10)',
      aPvc({ ...asked, [A.copyTrigger]: 't1' }),
      'TriggerExpired',
    ],
    [
      'one whose trigger comes after a failure (row 11)',
      aPvc({ ...failed, [A.copyTrigger]: 't2' }),
      'TriggerExpired',
    ],
  ])('%s', (_title, pvc, reason) => {
    expect(endangered(pvc, 'orders')?.failure.reason).toBe(reason);
  });
});

describe('the guard waits', () => {
  it('for release-by and the margin, however long it has watched', () => {
    const left = waits(frozen, { now: NOW, stoodForMs: 10 * BOUND });
    expect(left).toBe(300_000 + MARGIN_MS + 1);
  });

  it('for the bound by its own stopwatch where release-by cannot be read', () => {
    expect(waits(frozenWithout, { now: NOW, stoodForMs: 100_000 })).toBe(500_000);
  });

  it('for the promise behind an unaccepted trigger, and no longer than the bound', () => {
    const until = (time: string) => aPvc({ ...asked, [A.copyTrigger]: 't1', [A.triggerValidUntil]: time });
    expect(waits(until('2026-07-02T10:01:00Z'), { now: NOW, stoodForMs: 0 })).toBe(60_000 + MARGIN_MS + 1);
    expect(waits(until('2026-07-02T12:00:00Z'), { now: NOW, stoodForMs: 0 })).toBe(BOUND);
  });

  it.each([
    ['release-by', frozen, 0],
    ['the stopwatch of a freeze', frozenWithout, BOUND],
    ['the stopwatch of a trigger', aPvc({ ...asked, [A.copyTrigger]: 't1' }), BOUND],
    [
      'a promise',
      aPvc({ ...asked, [A.copyTrigger]: 't1', [A.triggerValidUntil]: '2026-07-02T10:01:00Z' }),
      0,
    ],
  ])('until the window’s table lets it write, and not a millisecond less: %s', (_title, pvc, stoodForMs) => {
    const danger = endangered(pvc, 'orders');
    if (danger === undefined) throw new Error('not endangered');
    const now = NOW + guardWaits(danger, { now: NOW, stoodForMs, boundMs: BOUND });
    const guard = { kind: 'guard', boundMs: BOUND, failure: danger.failure } as const;
    expect(decide(pvc, { ...guard, stoodForMs }, now).do).toBe('patch');
    const early = { ...guard, stoodForMs: Math.max(0, stoodForMs - 1) };
    expect(decide(pvc, early, now - 1).do).toBe('nothing');
  });
});

function waits(
  pvc: PvcView,
  moment: { readonly now: number; readonly stoodForMs: number },
): number | undefined {
  const danger = endangered(pvc, 'orders');
  return danger && guardWaits(danger, { ...moment, boundMs: BOUND });
}

function aPvc(annotations: Readonly<Record<string, string>>): PvcView {
  return { uid: 'uid-1', annotations: { [A.useCopyTrigger]: '', ...annotations } };
}
