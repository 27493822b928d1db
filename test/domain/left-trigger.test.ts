import { describe, expect, it } from 'vitest';
import { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import type { Annotations } from '../../domain/copy-trigger.ts';
import type { PvcView } from '../../domain/copy-window.ts';
import { isToServe, leftTrigger, stoodThereAtTheEnd } from '../../domain/left-trigger.ts';
import { apply, asked, begin, completed, frozen, leave, NOW, optedIn, trigger } from './window-fixtures.ts';

const failed = (): PvcView => apply(frozen(), leave());
const FRESH = { [A.copyTrigger]: 't2' };

describe('a trigger that is left on the pvc', () => {
  it('row 11: asks for a sync when it is set after a copy has failed', () => {
    expect(leftTrigger(wearing(failed(), FRESH), NOW)).toMatchObject({ after: 'Failed', runs: ['run-1'] });
  });

  it('row 12: asks for a sync when it is set after the one before was answered', () => {
    expect(leftTrigger(wearing(completed(), FRESH), NOW)).toMatchObject({ after: 'Completed' });
  });

  it('asks once for each value, and once for each window that was closed before it', () => {
    const [t2, again, t3, anotherWindow] = [
      wearing(failed(), FRESH),
      wearing(failed(), FRESH),
      wearing(failed(), { [A.copyTrigger]: 't3' }),
      wearing(failed(), { ...FRESH, [A.copyWindow]: closedWindow('w2') }),
    ].map((pvc) => leftTrigger(pvc, NOW)?.request);
    expect(t2).toMatch(/^trigger [0-9a-f]{8}$/);
    expect(again).toBe(t2);
    expect(t3).not.toBe(t2);
    expect(anotherWindow).not.toBe(t2);
  });

  it.each<[string, PvcView]>([
    ['was answered already', failed()],
    ['is waited for by a sync', wearing(asked(), FRESH)],
    ['stands there while a copy is being taken', wearing(frozen(), FRESH)],
    ['is on a pvc that never had a window of ours', wearing(optedIn(), FRESH)],
    ['came with the annotations of another pvc', { ...wearing(failed(), FRESH), uid: 'uid-2' }],
    ['is on a pvc that no longer asks', wearing(failed(), { ...FRESH, [A.useCopyTrigger]: undefined })],
    ['has run out', wearing(failed(), { ...FRESH, [A.triggerValidUntil]: '2026-07-02T09:00:00Z' })],
  ])('asks for nothing when it %s', (_when, pvc) => {
    expect(leftTrigger(pvc, NOW)).toBeUndefined();
  });
});

describe('the sync for it', () => {
  const left = {
    request: 'trigger 0',
    after: 'Failed',
    runs: ['source/shop/orders-2026-07-02T10:00:00Z'],
  } as const;
  const [orders, archive] = [aSource('orders'), aSource('archive')];

  it('is of the source whose copy that was', () => {
    expect(isToServe(left, orders, [orders, archive])).toBe(true);
    expect(isToServe(left, archive, [orders, archive])).toBe(false);
  });

  it('is of another source when that one is gone', () => {
    expect(isToServe(left, archive, [archive])).toBe(true);
  });

  it('is of none that takes no copy, or whose first sync is to wait', () => {
    expect(isToServe(left, aSource('orders', { copyMethod: 'Direct' }), [])).toBe(false);
    const waiting = aSource('archive', {}, { 'stillpoint.dev/first-sync': 'wait' });
    expect(isToServe(left, waiting, [waiting])).toBe(false);
  });

  it('after a copy that went well starts only for a trigger that stood there when the last sync ended', () => {
    const ended = withEnd(orders, 'False');
    expect(stoodThereAtTheEnd(ended, NOW)).toBe(true);
    expect(stoodThereAtTheEnd(ended, NOW + 1_000)).toBe(false);
    expect(stoodThereAtTheEnd(ended, undefined)).toBe(false);
    expect(stoodThereAtTheEnd(withEnd(orders, 'True'), NOW)).toBe(false);
  });

  it('closes the circle: it accepts the trigger without asking again', () => {
    const pvc = wearing(failed(), FRESH);
    expect(() => apply(pvc, begin('run-2', 'w2'))).toThrow(/triggered/);
    const next = { ...trigger('run-2', false), windowId: 'w2' } as ReturnType<typeof trigger>;
    expect(apply(pvc, next).annotations[A.latestCopyStatus]).toBe('InProgress');
  });
});

function wearing(pvc: PvcView, annotations: Annotations): PvcView {
  return { uid: pvc.uid, annotations: { ...pvc.annotations, ...annotations } };
}

function closedWindow(id: string): string {
  return JSON.stringify({ id, pvc: 'uid-1', runs: ['run-1'], result: 'Failed' });
}

function aSource(name: string, restic = {}, annotations = {}): ReplicationSource {
  return ReplicationSource.parse({
    metadata: { namespace: 'shop', name, uid: `uid-${name}`, annotations },
    spec: {
      sourcePVC: 'data',
      trigger: { schedule: '@daily' },
      restic: { copyMethod: 'Snapshot', ...restic },
    },
  });
}

function withEnd(source: ReplicationSource, status: 'True' | 'False'): ReplicationSource {
  const condition = { type: 'Synchronizing', status, reason: 'x', message: 'x' };
  const lastTransitionTime = new Date(NOW).toISOString();
  return { ...source, status: { conditions: [{ ...condition, lastTransitionTime }] } };
}
