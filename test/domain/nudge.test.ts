import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { nudgesFor, waitingRunsOf } from '../../domain/nudge.ts';

const RUNS = ['source/test-ns/test-rs-1', 'source/test-ns/other-rs-1'];
const waiting = aPvc({
  'volsync.backube/use-copy-trigger': '',
  'volsync.backube/latest-copy-status': 'WaitingForTrigger',
  'stillpoint.dev/copy-window': JSON.stringify({ id: 'w1', pvc: 'uid-1', runs: RUNS }),
});
const triggered = edited(waiting, { 'volsync.backube/copy-trigger': 'trigger-1' });

describe('every sync that waits for a pvc is nudged', () => {
  it('when a fresh trigger is set', () => {
    expect(nudgesFor(waiting, triggered)).toEqual(RUNS);
  });

  it('when another fresh trigger takes its place', () => {
    expect(nudgesFor(triggered, edited(triggered, { 'volsync.backube/copy-trigger': 'trigger-2' }))).toEqual(
      RUNS,
    );
  });

  it('when the promise behind the trigger is prolonged', () => {
    const prolonged = edited(triggered, { 'stillpoint.dev/trigger-valid-until': '2026-01-01T00:00:00Z' });
    expect(nudgesFor(triggered, prolonged)).toEqual(RUNS);
  });

  it('when the pvc opts out', () => {
    expect(nudgesFor(waiting, edited(waiting, { 'volsync.backube/use-copy-trigger': undefined }))).toEqual(
      RUNS,
    );
  });

  it('when the pvc is being deleted', () => {
    const leaving = edited(waiting, {});
    const metadata = { ...leaving.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(nudgesFor(waiting, { ...leaving, metadata })).toEqual(RUNS);
  });

  it('when the pvc is gone', () => {
    expect(nudgesFor(waiting, undefined)).toEqual(RUNS);
  });

  it('when the pvc was created anew, with or without its old annotations', () => {
    const anew = { ...waiting, metadata: { ...waiting.metadata, uid: 'uid-2', resourceVersion: '9' } };
    expect(nudgesFor(waiting, anew)).toEqual(RUNS);
  });

  it('when somebody removes the window', () => {
    expect(nudgesFor(waiting, edited(waiting, { 'stillpoint.dev/copy-window': undefined }))).toEqual(RUNS);
  });

  it('when the controller starts and finds a fresh trigger', () => {
    expect(nudgesFor(undefined, triggered)).toEqual(RUNS);
  });

  it('after a relist, if a fresh trigger stands there', () => {
    expect(nudgesFor(triggered, triggered)).toEqual(RUNS);
  });

  it('when another sync joins while a fresh trigger stands there', () => {
    const joined = edited(triggered, {
      'stillpoint.dev/copy-window': JSON.stringify({ id: 'w1', pvc: 'uid-1', runs: [...RUNS, 'third'] }),
    });
    expect(nudgesFor(triggered, joined)).toEqual([...RUNS, 'third']);
  });
});

describe('the syncs that share a window are nudged', () => {
  const accepted = edited(waiting, {
    'volsync.backube/latest-copy-status': 'InProgress',
    'stillpoint.dev/copy-window': JSON.stringify({ id: 'w1', pvc: 'uid-1', runs: RUNS, by: 'ada' }),
  });

  it('when one of them has accepted the word of a person, which the others have not heard (row 5)', () => {
    expect(nudgesFor(waiting, accepted)).toEqual(RUNS);
  });

  it('once, and again after a relist', () => {
    expect(nudgesFor(accepted, edited(accepted, { 'example.com/owner': 'me' }))).toEqual([]);
    expect(nudgesFor(accepted, accepted)).toEqual(RUNS);
  });

  it('but not the only one that heard it itself', () => {
    const window = JSON.stringify({ id: 'w1', pvc: 'uid-1', runs: RUNS.slice(0, 1), by: 'ada' });
    expect(nudgesFor(waiting, edited(accepted, { 'stillpoint.dev/copy-window': window }))).toEqual([]);
  });
});

describe('nobody is nudged', () => {
  it.each([
    ['while the application has not spoken', undefined, waiting],
    ['after a relist without news', waiting, waiting],
    ['by an empty trigger', waiting, edited(waiting, { 'volsync.backube/copy-trigger': '' })],
    [
      'by a trigger that was answered before',
      waiting,
      edited(triggered, { 'volsync.backube/latest-copy-trigger': 'trigger-1' }),
    ],
    [
      'by a change that has nothing to do with the copy',
      triggered,
      edited(triggered, { 'example.com/owner': 'me' }),
    ],
    [
      'once the trigger is accepted',
      triggered,
      edited(triggered, { 'volsync.backube/latest-copy-status': 'InProgress' }),
    ],
    ['for a pvc that knows no window', undefined, aPvc({ 'volsync.backube/copy-trigger': 'trigger-1' })],
    ['for a pvc that is gone and had none', aPvc({}), undefined],
  ])('%s', (_, before, after) => {
    expect(nudgesFor(before, after)).toEqual([]);
  });
});

describe('every sync of a source that was edited is nudged', () => {
  it('where it waits, and no other one', () => {
    const source = { namespace: 'test-ns', name: 'test-rs' };
    const run = 'source/test-ns/test-rs-2026-07-02T10:00:00Z';
    const other = 'source/test-ns/test-rs-2-2026-07-02T10:00:00Z';
    const window = JSON.stringify({ id: 'w1', pvc: 'uid-1', runs: [other, run] });
    const asked = edited(waiting, { 'stillpoint.dev/copy-window': window });
    expect(waitingRunsOf(source, [asked, aPvc({})])).toEqual([run]);
    expect(
      waitingRunsOf(source, [edited(asked, { 'volsync.backube/latest-copy-status': 'InProgress' })]),
    ).toEqual([]);
  });
});

function aPvc(annotations: Record<string, string | undefined>): PersistentVolumeClaim {
  const present = Object.entries(annotations).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value]],
  );
  return {
    metadata: {
      namespace: 'test-ns',
      name: 'data-pvc',
      uid: 'uid-1',
      resourceVersion: '1',
      annotations: Object.fromEntries(present),
    },
  };
}

function edited(
  pvc: PersistentVolumeClaim,
  changes: Record<string, string | undefined>,
): PersistentVolumeClaim {
  const { metadata } = aPvc({ ...pvc.metadata.annotations, ...changes });
  return { metadata: { ...metadata, resourceVersion: String(Number(pvc.metadata.resourceVersion) + 1) } };
}
