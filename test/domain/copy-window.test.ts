// The rows of the window's state machine (docs/protocol.md), one by one.
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { MARGIN_MS, decide, readWindowState } from '../../domain/copy-window.ts';
import type { WindowEvent } from '../../domain/copy-window.ts';
import {
  BOUND,
  NOW,
  apply,
  asked,
  begin,
  cancelled,
  completed,
  cut,
  frozen,
  guard,
  leave,
  optedIn,
  proceed,
  trigger,
  windowOf,
} from './window-fixtures.ts';

describe('row 1: an idle pvc is asked', () => {
  it('marks WaitingForTrigger since now, in a window of this run', () => {
    const asked = apply(optedIn(), begin());
    expect(asked.annotations).toMatchObject({
      [A.latestCopyStatus]: 'WaitingForTrigger',
      [A.waitingSince]: '2026-07-02T10:00:00Z',
    });
    expect(windowOf(asked)).toEqual({ id: 'w1', pvc: 'uid-1', runs: ['run-1'] });
  });

  it('asks again although the answered trigger still stands there', () => {
    const asked = apply(optedIn({ [A.copyTrigger]: 't1', [A.latestCopyTrigger]: 't1' }), begin());
    expect(readWindowState(asked).state).toBe('asked');
  });

  it('leaves the last answer readable before it asks', () => {
    const answered = { ...completed(), answeredAt: NOW - 10_000 };
    expect(decide(answered, begin('run-2', 'w2'), NOW)).toEqual({ do: 'wait', until: NOW + 20_000 });
    expect(decide(answered, begin('run-2', 'w2'), NOW + 20_000).do).toBe('patch');
  });

  it('asks once, however often it is tried', () => {
    expect(decide(asked(), begin('run-1', 'another'), NOW)).toMatchObject({ do: 'nothing', because: 'done' });
  });

  it('does not ask a pvc that did not opt in', () => {
    expect(decide({ uid: 'uid-1', annotations: {} }, begin(), NOW)).toMatchObject({ because: 'optedOut' });
  });

  it('does not take a window of another pvc, restored with its annotations, for its own', () => {
    const restored = { ...asked(), uid: 'uid-2' };
    expect(readWindowState(restored).state).toBe('idle');
    expect(apply(restored, begin('run-2', 'w2')).annotations[A.copyWindow]).toContain('"pvc":"uid-2"');
  });

  it('does not join what VolSync left behind', () => {
    const left = optedIn({ [A.latestCopyStatus]: 'InProgress', [A.waitingSince]: '2026-07-01T00:00:00Z' });
    expect(readWindowState(apply(left, begin())).state).toBe('asked');
  });
});

describe('row 2: a trigger set beforehand counts', () => {
  it('is not asked for again', () => {
    expect(decide(optedIn({ [A.copyTrigger]: 't1' }), begin(), NOW)).toMatchObject({ because: 'triggered' });
  });

  it('freezes at once in a new window', () => {
    const frozen = apply(optedIn({ [A.copyTrigger]: 't1' }), trigger('run-1', false));
    expect(windowOf(frozen)).toEqual({ id: 'w1', pvc: 'uid-1', runs: ['run-1'], trigger: 't1' });
  });

  it('uses the window’s id for the trigger that stood there, and for no later one', () => {
    const later = optedIn({ [A.copyTrigger]: 't2' });
    const event = { ...trigger('run-1', false), preset: 't1' } as WindowEvent;
    expect(decide(later, event, NOW)).toMatchObject({ do: 'nothing', because: 'awaited' });
    expect(decide(optedIn({ [A.copyTrigger]: 't1' }), event, NOW).do).toBe('patch');
  });

  it('begins anew when another sync has asked meanwhile', () => {
    const event = { ...trigger('run-2', false), windowId: 'w2', preset: 't1' } as WindowEvent;
    expect(decide(asked({ [A.copyTrigger]: 't1' }), event, NOW)).toMatchObject({ because: 'awaited' });
  });

  it('waits while another sync’s copy is being taken', () => {
    expect(decide(frozen(), { ...trigger('run-2', false), windowId: 'w2' } as WindowEvent, NOW)).toEqual({
      do: 'wait',
    });
  });
});

describe('row 3: another source joins the window that is open', () => {
  it('adds its run and changes nothing else', () => {
    const joined = apply(asked(), begin('run-2', 'w2'));
    expect(windowOf(joined)?.runs).toEqual(['run-1', 'run-2']);
    expect(joined.annotations[A.waitingSince]).toBe(asked().annotations[A.waitingSince]);
  });

  it('waits once a trigger has been accepted', () => {
    expect(decide(frozen(), begin('run-2', 'w2'), NOW)).toEqual({ do: 'wait' });
  });
});

describe('row 4: a fresh trigger is accepted', () => {
  it('marks InProgress, pins the trigger and promises the release', () => {
    const accepted = apply(asked({ [A.copyTrigger]: 't1' }), trigger());
    expect(accepted.annotations).toMatchObject({
      [A.latestCopyStatus]: 'InProgress',
      [A.releaseBy]: '2026-07-02T10:10:00Z',
    });
    expect(accepted.annotations).not.toHaveProperty(A.waitingSince);
    expect(windowOf(accepted)?.trigger).toBe('t1');
  });

  it('promises no later release than the owner’s own promise', () => {
    const accepted = apply(
      asked({ [A.copyTrigger]: 't1', [A.triggerValidUntil]: '2026-07-02T10:01:00Z' }),
      trigger(),
    );
    expect(accepted.annotations[A.releaseBy]).toBe('2026-07-02T10:01:00Z');
  });

  it.each([
    ['no trigger', {}, 'awaited'],
    ['an empty one', { [A.copyTrigger]: '' }, 'awaited'],
    ['the one already answered', { [A.copyTrigger]: 't0', [A.latestCopyTrigger]: 't0' }, 'awaited'],
    [
      'one whose promise is nearly over',
      { [A.copyTrigger]: 't1', [A.triggerValidUntil]: '2026-07-02T10:00:02Z' },
      'expired',
    ],
  ])('keeps waiting on %s', (_, annotations, because) => {
    expect(decide(asked(annotations), trigger(), NOW)).toMatchObject({ do: 'nothing', because });
  });

  it('says that the owner opted out in mid-wait', () => {
    const { [A.useCopyTrigger]: _, ...rest } = asked({ [A.copyTrigger]: 't1' }).annotations;
    expect(decide({ uid: 'uid-1', annotations: rest }, trigger(), NOW)).toMatchObject({
      because: 'optedOut',
    });
  });

  it('is accepted once: a retry finds it done, another window’s run is lost', () => {
    expect(decide(frozen(), trigger(), NOW)).toMatchObject({ do: 'nothing', because: 'done' });
    expect(decide(frozen(), { ...trigger('run-9'), windowId: 'w9' } as WindowEvent, NOW)).toEqual({
      do: 'lost',
    });
  });
});

describe('row 5: a person proceeds', () => {
  it('freezes without a trigger and records who said so', () => {
    expect(windowOf(apply(asked(), proceed))).toEqual({ id: 'w1', pvc: 'uid-1', runs: ['run-1'], by: 'ada' });
  });

  it('takes along a trigger that stands there, but no answered one', () => {
    expect(windowOf(apply(asked({ [A.copyTrigger]: 't1' }), proceed))?.trigger).toBe('t1');
    const repeated = apply(asked({ [A.copyTrigger]: 't0', [A.latestCopyTrigger]: 't0' }), proceed);
    expect(windowOf(repeated)).not.toHaveProperty('trigger');
  });
});

describe('row 6: the copy is cut', () => {
  it('answers the trigger that was accepted, whatever stands there now', () => {
    const done = apply(frozen({ [A.copyTrigger]: 't2' }), cut('run-1'));
    expect(done.annotations).toMatchObject({
      [A.latestCopyStatus]: 'Completed',
      [A.latestCopyTrigger]: 't1',
    });
    expect(done.annotations).not.toHaveProperty(A.releaseBy);
    expect(windowOf(done)?.result).toBe('Completed');
  });

  it('leaves latest-copy-trigger alone when a person proceeded without one', () => {
    const done = apply(apply(asked({ [A.latestCopyTrigger]: 't0' }), proceed), cut('run-1'));
    expect(done.annotations[A.latestCopyTrigger]).toBe('t0');
  });

  it('waits for every copy that this window promised', () => {
    const two = apply(apply(asked(), begin('run-2')), proceed);
    expect(decide(two, cut('run-1'), NOW)).toMatchObject({ because: 'othersNotCut' });
    expect(decide(two, cut('run-2', 'run-1'), NOW).do).toBe('patch');
  });

  it('is never Completed after the deadline', () => {
    expect(decide(frozen(), cut('run-1'), NOW + BOUND - MARGIN_MS)).toEqual({ do: 'late' });
    expect(decide(frozen(), cut('run-1'), NOW + BOUND - MARGIN_MS - 1).do).toBe('patch');
  });

  it('is never Completed when the deadline was taken away', () => {
    const { [A.releaseBy]: _, ...rest } = frozen().annotations;
    expect(decide({ uid: 'uid-1', annotations: rest }, cut('run-1'), NOW)).toEqual({ do: 'late' });
  });
});

describe('rows 7 and 9: a run leaves', () => {
  it('fails the frozen window and uses its trigger up', () => {
    const left = apply(frozen(), leave());
    expect(left.annotations).toMatchObject({
      [A.latestCopyStatus]: 'Failed',
      [A.latestCopyTrigger]: 't1',
      [A.latestCopyError]: `Cancelled: ${cancelled.message}`,
    });
    expect(left.annotations).not.toHaveProperty(A.releaseBy);
  });

  it('fails the asked window, and with it a trigger that nobody accepted', () => {
    expect(apply(asked(), leave()).annotations).toMatchObject({ [A.latestCopyStatus]: 'Failed' });
    expect(apply(asked(), leave()).annotations).not.toHaveProperty(A.latestCopyTrigger);
    expect(apply(asked({ [A.copyTrigger]: 't1' }), leave()).annotations[A.latestCopyTrigger]).toBe('t1');
  });

  it('only strikes itself out while others are in the window', () => {
    const left = apply(apply(asked(), begin('run-2')), leave('run-2'));
    expect(windowOf(left)?.runs).toEqual(['run-1']);
    expect(left.annotations[A.latestCopyStatus]).toBe('WaitingForTrigger');
  });

  it('leaves a window alone that does not name it, or is closed', () => {
    expect(decide(asked(), leave('run-9'), NOW)).toMatchObject({ because: 'notOurs' });
    expect(decide(completed(), leave(), NOW)).toMatchObject({ because: 'notOurs' });
  });

  it('the next Completed clears the error', () => {
    const again = apply({ ...apply(frozen(), leave()) }, begin('run-2', 'w1'), NOW + 60_000);
    const done = apply(apply(again, { ...proceed, run: 'run-2' } as WindowEvent), cut('run-2'));
    expect(done.annotations).not.toHaveProperty(A.latestCopyError);
  });
});

describe('rows 8, 10 and 11: the guard', () => {
  it('releases after the deadline, not before', () => {
    expect(decide(frozen(), guard(0), NOW + BOUND + MARGIN_MS).do).toBe('nothing');
    expect(apply(frozen(), guard(0), NOW + BOUND + MARGIN_MS + 1).annotations[A.latestCopyStatus]).toBe(
      'Failed',
    );
  });

  it('goes by its own stopwatch when the deadline cannot be read', () => {
    const unreadable = frozen({ [A.releaseBy]: 'soon' });
    expect(decide(unreadable, guard(BOUND - 1), NOW).do).toBe('nothing');
    expect(decide(unreadable, guard(BOUND), NOW).do).toBe('patch');
  });

  it('answers a trigger that nobody accepted, asked or after a failure', () => {
    const ignored = apply(asked({ [A.copyTrigger]: 't1' }), guard(BOUND));
    expect(ignored.annotations).toMatchObject({
      [A.latestCopyStatus]: 'Failed',
      [A.latestCopyTrigger]: 't1',
    });
    const afterFailure = {
      uid: 'uid-1',
      annotations: { ...apply(asked(), leave()).annotations, [A.copyTrigger]: 't2' },
    };
    expect(apply(afterFailure, guard(BOUND)).annotations[A.latestCopyTrigger]).toBe('t2');
  });

  it('answers a trigger past its own promise at once', () => {
    const expired = asked({ [A.copyTrigger]: 't1', [A.triggerValidUntil]: '2026-07-02T09:59:00Z' });
    expect(decide(expired, guard(0), NOW).do).toBe('patch');
  });

  it('leaves a waiting application and other people’s annotations alone', () => {
    expect(decide(asked(), guard(10 * BOUND), NOW).do).toBe('nothing');
    expect(decide(optedIn({ [A.latestCopyStatus]: 'InProgress' }), guard(10 * BOUND), NOW).do).toBe(
      'nothing',
    );
  });
});

describe('row 13: retries and late writers', () => {
  it('find Completed done, and anything else lost', () => {
    expect(decide(completed(), cut('run-1'), NOW)).toMatchObject({ do: 'nothing', because: 'done' });
    expect(decide(completed(), trigger(), NOW)).toMatchObject({ do: 'nothing', because: 'done' });
    expect(decide(apply(frozen(), leave()), cut('run-1'), NOW)).toEqual({ do: 'lost' });
  });
});

describe('the user’s keys', () => {
  it('are never written', () => {
    const patches = [
      decide(optedIn(), begin(), NOW),
      decide(asked({ [A.copyTrigger]: 't1' }), trigger(), NOW),
      decide(asked(), proceed, NOW),
      decide(frozen(), cut('run-1'), NOW),
      decide(frozen(), leave(), NOW),
      decide(frozen(), guard(0), NOW + 2 * BOUND),
    ];
    const written = patches.flatMap((patch) =>
      patch.do === 'patch' ? Object.keys(patch.annotations) : ['no patch'],
    );
    expect(written).not.toContain('no patch');
    expect(written).not.toContain(A.useCopyTrigger);
    expect(written).not.toContain(A.copyTrigger);
  });
});
