// What is refused before anybody is asked (CT-2), from the source alone.
import { describe, expect, it } from 'vitest';
import { ReplicationSource } from '../../api/replication-source.ts';
import type { SyncLimits } from '../../api/sync.ts';
import { planSource } from '../../domain/plan.ts';

const DEFAULTS = { freezeBoundMs: 600_000, overdueAfterMs: 600_000 } as SyncLimits;
const RESTIC = { repository: 'restic-secret', copyMethod: 'Snapshot' };

describe('a source is refused, in a sentence that names it and the field', () => {
  it.each([
    ['without a mover', { sourcePVC: 'data' }, 'a replication method must be specified'],
    ['with syncthing', { sourcePVC: 'data', syncthing: {} }, 'syncthing is not supported; use one of restic'],
    ['with two movers', { sourcePVC: 'data', restic: RESTIC, rclone: {} }, 'only one replication method'],
    [
      'with a mover of somebody else’s beside ours',
      { sourcePVC: 'data', restic: RESTIC, external: {} },
      'only one',
    ],
    ['without a copy method', { sourcePVC: 'data', restic: { repository: 'r' } }, 'spec.restic.copyMethod'],
    ['without a pvc', { restic: RESTIC }, 'spec.sourcePVC'],
  ])('%s', (_, spec, sentence) => {
    const decided = planSource(aSource(spec), DEFAULTS);
    if (!('refusal' in decided)) throw new Error('it was planned');
    expect(decided.refusal).toMatchObject({ reason: 'SourceInvalid', retry: false });
    expect(decided.refusal.message).toMatch(/^ReplicationSource shop\/orders: /);
    expect(decided.refusal.message).toContain(sentence);
  });

  it.each([
    ['stillpoint.dev/freeze-bound', '4s'],
    ['stillpoint.dev/freeze-bound', 'a while'],
    ['stillpoint.dev/overdue-after', '0s'],
    ['stillpoint.dev/release-at', 'once'],
    ['stillpoint.dev/overdue-policy', 'ignore'],
    ['stillpoint.dev/wait-deadline', '500ms'],
  ])('with the annotation %s: %s', (key, value) => {
    const decided = planSource(aSource({ sourcePVC: 'data', restic: RESTIC }, { [key]: value }), DEFAULTS);
    expect(decided).toMatchObject({
      refusal: { message: expect.stringContaining(`annotation ${key} must be`) },
    });
  });
});

describe('a source is planned', () => {
  it.each([
    ['Snapshot', 'Snapshot'],
    ['Clone', 'Clone'],
    ['Direct', 'Direct'],
    ['None', 'Direct'],
  ])('with the copy method %s as %s', (copyMethod, planned) => {
    const decided = planSource(aSource({ sourcePVC: 'data', restic: { ...RESTIC, copyMethod } }), DEFAULTS);
    expect(decided).toMatchObject({ plan: { mover: 'restic', pvcName: 'data', copyMethod: planned } });
  });

  it.each([
    [{}, 'cut'],
    [{ 'stillpoint.dev/release-at': 'cut' }, 'cut'],
    [{ 'stillpoint.dev/release-at': 'ready' }, 'ready'],
  ])('with the annotations %j to release at %s', (annotations, releaseAt) => {
    const decided = planSource(aSource({ sourcePVC: 'data', restic: RESTIC }, annotations), DEFAULTS);
    expect(decided).toMatchObject({ plan: { releaseAt } });
  });

  it('with the limits of the worker, unless its annotations say others', () => {
    const spec = { sourcePVC: 'data', restic: RESTIC };
    expect(planSource(aSource(spec), DEFAULTS)).toMatchObject({ plan: { limits: DEFAULTS } });
    const annotations = { 'stillpoint.dev/freeze-bound': '90s', 'stillpoint.dev/overdue-after': '1h30m' };
    expect(planSource(aSource(spec, annotations), DEFAULTS)).toMatchObject({
      plan: { limits: { freezeBoundMs: 90_000, overdueAfterMs: 5_400_000 } },
    });
  });

  it.each([
    [{}, { overdueAfterMs: 600_000 }],
    [{ 'stillpoint.dev/overdue-policy': 'wait' }, { overdueAfterMs: 600_000 }],
    [{ 'stillpoint.dev/overdue-policy': 'copy' }, { overdueAfterMs: 600_000, overduePolicy: 'copy' }],
    [{ 'stillpoint.dev/wait-deadline': '1h' }, { overdueAfterMs: 600_000, waitDeadlineMs: 3_600_000 }],
    [{ 'stillpoint.dev/wait-deadline': '1m' }, { overdueAfterMs: 60_000, waitDeadlineMs: 60_000 }],
  ])('with the annotations %j to wait for its trigger like this: %j', (annotations, wait) => {
    const decided = planSource(aSource({ sourcePVC: 'data', restic: RESTIC }, annotations), DEFAULTS);
    if (!('plan' in decided)) throw new Error('it was refused');
    expect(decided.plan.limits).toEqual({ freezeBoundMs: 600_000, ...wait });
  });
});

function aSource(spec: object, annotations: Readonly<Record<string, string>> = {}): ReplicationSource {
  return ReplicationSource.parse({
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationSource',
    metadata: { namespace: 'shop', name: 'orders', annotations },
    spec,
  });
}
