import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import { snapshotOf } from '../../domain/copy.ts';
import {
  judgeRun,
  ownerOfRun,
  runOfObject,
  runsInWindow,
  sourceOfRun,
  UNKNOWN_FOR_MS,
} from '../../domain/ended-sync.ts';
import { LABELS } from '../../domain/names.ts';
import { apply, asked, begin, completed, frozen, optedIn } from './window-fixtures.ts';
import type { PvcView } from '../../domain/copy-window.ts';

const RUN = 'source/shop/orders-2026-07-02T10:00:00Z';

describe('a sync that the cluster speaks of', () => {
  it('is left alone while it runs', () => {
    expect(judgeRun(RUN, { kind: 'running' }, 0)).toEqual({ do: 'nothing' });
  });

  it('is tidied up after once it is closed, in a sentence that names it and says what happened', () => {
    const verdict = judgeRun(RUN, { kind: 'closed', how: 'was terminated' }, 0);
    expect(verdict).toMatchObject({
      do: 'tidyUp',
      failure: { reason: 'SyncEnded', message: expect.stringContaining(`The sync ${RUN} was terminated`) },
    });
  });

  it('of a destination says nothing of an application: none waits for it', () => {
    const run = RUN.replace('source/', 'destination/');
    const verdict = judgeRun(run, { kind: 'closed', how: 'was terminated' }, 0);
    const message = `The sync ${run} was terminated before it had finished; status.latestImage is that of the sync before`;
    expect(verdict).toMatchObject({ do: 'tidyUp', failure: { reason: 'SyncEnded', message } });
  });

  it('is not taken for ended just because Temporal does not know it yet', () => {
    expect(judgeRun(RUN, { kind: 'unknown' }, 1_000)).toEqual({
      do: 'lookAgain',
      afterMs: UNKNOWN_FOR_MS - 1_000,
    });
    expect(judgeRun(RUN, { kind: 'unknown' }, UNKNOWN_FOR_MS).do).toBe('tidyUp');
  });

  it('is named by a window that is open', () => {
    expect(runsInWindow(pvc(asked()))).toEqual(['run-1']);
    expect(runsInWindow(pvc(apply(asked(), begin('run-2'))))).toEqual(['run-1', 'run-2']);
    expect(runsInWindow(pvc(frozen()))).toEqual(['run-1']);
  });

  it('is not named by a window that is closed, or that came with the annotations of another pvc', () => {
    expect(runsInWindow(pvc(optedIn()))).toEqual([]);
    expect(runsInWindow(pvc(completed()))).toEqual([]);
    expect(runsInWindow(pvc({ ...asked(), uid: 'uid-2' }))).toEqual([]);
  });

  it('is named by its objects', () => {
    expect(runOfObject(aSnapshot())).toBe(RUN);
  });

  it('is not named by an object that is to be kept, or goes already', () => {
    expect(runOfObject(aSnapshot({ [LABELS.doNotDelete]: '' }))).toBeUndefined();
    expect(runOfObject(aSnapshot({}, { deletionTimestamp: '2026-07-02T10:00:00Z' }))).toBeUndefined();
  });

  it.each([
    [RUN, { namespace: 'shop', name: 'orders' }],
    ['source/shop/orders-2026-2026-07-02T10:00:00.123Z', { namespace: 'shop', name: 'orders-2026' }],
    ['source/shop/orders', undefined],
    ['destination/shop/orders-2026-07-02T10:00:00Z', undefined],
    ['by-hand', undefined],
  ])('tells by its id whose it is: %s', (run, source) => {
    expect(sourceOfRun(run)).toEqual(source);
  });

  it('tells by its id whether it is of a source or of a destination', () => {
    const owner = { namespace: 'shop', name: 'orders' };
    expect(ownerOfRun(RUN)).toEqual({ kind: 'ReplicationSource', ...owner });
    const destination = RUN.replace('source/', 'destination/');
    expect(ownerOfRun(destination)).toEqual({ kind: 'ReplicationDestination', ...owner });
  });
});

function pvc({ uid, annotations }: PvcView): PersistentVolumeClaim {
  const present = Object.entries(annotations).filter(([, value]) => value !== undefined);
  return {
    metadata: {
      namespace: 'shop',
      name: 'data',
      uid,
      annotations: Object.fromEntries(present) as Record<string, string>,
    },
  };
}

function aSnapshot(
  labels: Readonly<Record<string, string>> = {},
  metadata: { deletionTimestamp?: string } = {},
) {
  const snapshot = snapshotOf({
    source: { namespace: 'shop', name: 'orders', uid: 'uid-1' },
    run: RUN,
    name: 'copy',
    pvc: { name: 'data' },
    options: {},
  });
  return {
    ...snapshot,
    metadata: { ...snapshot.metadata, ...metadata, labels: { ...snapshot.metadata.labels, ...labels } },
  };
}
