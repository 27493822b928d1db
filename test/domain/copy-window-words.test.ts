// Row 5 of the window's state machine: how long somebody's word holds, a person's or that of the owner's worker.
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS, decide } from '../../domain/copy-window.ts';
import type { WindowEvent } from '../../domain/copy-window.ts';
import { BOUND, NOW, apply, asked, proceed, windowOf } from './window-fixtures.ts';

describe('row 5: a person’s word', () => {
  it('is not bound by the promise behind an answered trigger, but by that behind a fresh one', () => {
    const promised = { [A.copyTrigger]: 't0', [A.triggerValidUntil]: '2026-07-02T10:01:00Z' };
    const answered = apply(asked({ ...promised, [A.latestCopyTrigger]: 't0' }), proceed);
    expect(answered.annotations[A.releaseBy]).toBe('2026-07-02T10:10:00Z');
    expect(apply(asked(promised), proceed).annotations[A.releaseBy]).toBe('2026-07-02T10:01:00Z');
  });
});

describe('row 5: the owner’s worker has quiesced', () => {
  const until = (standsStillUntil: number): WindowEvent =>
    ({ ...proceed, by: 'quiesce/shop/orders', standsStillUntil }) as WindowEvent;

  it('freezes no longer than the worker stands still', () => {
    const frozen = apply(asked(), until(NOW + 60_000));
    expect(frozen.annotations[A.releaseBy]).toBe('2026-07-02T10:01:00Z');
    expect(windowOf(frozen)?.by).toBe('quiesce/shop/orders');
  });

  it('freezes no longer than the source allows, however long the worker would', () => {
    expect(apply(asked(), until(NOW + 2 * BOUND)).annotations[A.releaseBy]).toBe('2026-07-02T10:10:00Z');
  });

  it('is refused when the worker lets go about now', () => {
    expect(decide(asked(), until(NOW + MARGIN_MS), NOW)).toEqual({ do: 'nothing', because: 'expired' });
  });
});
