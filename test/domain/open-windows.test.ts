import { describe, expect, it } from 'vitest';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { windowStanding } from '../../domain/open-windows.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;

describe('an open window', () => {
  it.each([
    ['asked', 9 * MINUTE, {}],
    ['overdue', 11 * MINUTE, {}],
    ['asked', 11 * MINUTE, { 'stillpoint.dev/overdue-after': '1h' }],
    ['overdue', 2 * MINUTE, { 'stillpoint.dev/overdue-after': '90s' }],
  ])('is %s after %d ms when the source says %j', (standing, passedMs, annotations) => {
    const source = { kind: 'ReplicationSource' as const, metadata: { name: 'test-rs', annotations } };
    expect(windowStanding(asked(passedMs), [source], NOW)).toBe(standing);
  });

  it('waits as long as the most patient of several sources', () => {
    const sources = ['1m', '2h'].map((overdueAfter) => ({
      kind: 'ReplicationSource' as const,
      metadata: { name: 'test-rs', annotations: { 'stillpoint.dev/overdue-after': overdueAfter } },
    }));
    expect(windowStanding(asked(60 * MINUTE), sources, NOW)).toBe('asked');
  });

  it.each([
    ['frozen', 1_000],
    ['frozen', -20_000], // The guard may be at it.
    ['stuck', -60_000],
  ])('is %s when release-by is %d ms away', (standing, away) => {
    const releaseBy = new Date(NOW + away).toISOString();
    const pvc = pvcWith({ [A.latestCopyStatus]: 'InProgress', [A.releaseBy]: releaseBy });
    expect(windowStanding(pvc, [], NOW)).toBe(standing);
  });

  it('is none once it is closed, or another pvc’s', () => {
    expect(windowStanding(pvcWith({ [A.latestCopyStatus]: 'Completed' }), [], NOW)).toBeUndefined();
    expect(windowStanding({ ...asked(0), uid: 'another' }, [], NOW)).toBeUndefined();
  });
});

function asked(passedMs: number) {
  const since = new Date(NOW - passedMs).toISOString();
  return pvcWith({ [A.latestCopyStatus]: 'WaitingForTrigger', [A.waitingSince]: since });
}

function pvcWith(annotations: Readonly<Record<string, string>>) {
  const window = { id: 'a-window', pvc: 'the-uid', runs: ['source/shop/test-rs-2026-01-01T11:00:00Z'] };
  return { uid: 'the-uid', annotations: { [A.copyWindow]: JSON.stringify(window), ...annotations } };
}
