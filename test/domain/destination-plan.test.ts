// What is refused before anything is made or received, from the destination alone.
import { describe, expect, it } from 'vitest';
import { ReplicationDestination } from '../../api/replication-destination.ts';
import type { MoverLimits } from '../../api/sync.ts';
import { planDestination, pvcGoes } from '../../domain/destination-plan.ts';

const DEFAULTS: MoverLimits = {
  moverHeartbeatMs: 30_000,
  moverAttempts: 4,
  moverRetryMs: 10_000,
  moverDeadlineMs: 3_600_000,
  moverPendingMs: 600_000,
};

const VOLUME = { copyMethod: 'Snapshot', capacity: '2Gi', accessModes: ['ReadWriteOnce'] };
const RESTIC = { ...VOLUME, repository: 'restic-secret' };
const RCLONE = { ...VOLUME, rcloneConfigSection: 's3', rcloneDestPath: 'bucket', rcloneConfig: 'secret' };

describe('a destination is refused, in one sentence that names it and the field', () => {
  it.each([
    [{}, 'a replication method must be specified: one of restic, rclone, rsyncTLS, rsync'],
    [{ restic: RESTIC, rclone: RCLONE }, 'only one replication method'],
    [{ restic: RESTIC, external: {} }, 'only one replication method'],
    [
      { restic: { ...RESTIC, copyMethod: undefined } },
      'spec.restic.copyMethod must be one of Snapshot, Direct',
    ],
    [{ rsyncTLS: {} }, 'spec.rsyncTLS.copyMethod must be one of Snapshot, Direct'],
    [
      { restic: { ...RESTIC, capacity: undefined } },
      'spec.restic.capacity must be given when destinationPVC',
    ],
    [{ rclone: { ...RCLONE, accessModes: undefined } }, 'spec.rclone.accessModes must be given when'],
    [{ rsync: { copyMethod: 'Direct' } }, 'spec.rsync.capacity and accessModes must be given when'],
    [{ restic: { ...RESTIC, destinationPVC: '' } }, 'spec.restic.destinationPVC is empty; name a PVC'],
    [{ restic: { ...RESTIC, repository: undefined } }, 'spec.restic.repository must be given'],
    [{ restic: { ...RESTIC, repository: '' } }, 'spec.restic.repository must be given'],
    [{ restic: { ...RESTIC, previous: -1 } }, 'spec.restic.previous is -1; it must be 0 or more'],
    [{ rclone: { ...RCLONE, rcloneConfigSection: '' } }, 'spec.rclone.rcloneConfigSection must be given'],
    [{ rclone: { ...RCLONE, rcloneDestPath: undefined } }, 'spec.rclone.rcloneDestPath must be given'],
    [{ rclone: { ...RCLONE, rcloneConfig: undefined } }, 'spec.rclone.rcloneConfig must be given'],
    [{ rsyncTLS: { ...VOLUME, volumeMode: 'Block' } }, 'spec.rsyncTLS.volumeMode Block is not supported'],
    [{ rsync: { ...VOLUME, volumeMode: 'Block' } }, 'spec.rsync.volumeMode Block is not supported'],
    [
      { restic: { ...RESTIC, copyMethod: 'Direct', cleanupTempPVC: true } },
      'spec.restic.cleanupTempPVC would remove all that was received',
    ],
  ])('%j', (spec, sentence) => {
    expectRefusal(aDestination(spec), sentence);
  });

  it.each(['restic', 'rclone', 'rsyncTLS', 'rsync'])(
    'that %s cannot make a clone, before anything is transferred (RD-3)',
    (section) => {
      const options = { ...RESTIC, ...RCLONE, copyMethod: 'Clone' };
      expectRefusal(aDestination({ [section]: options }), `spec.${section}.copyMethod Clone cannot be`);
    },
  );

  it.each([
    '',
    'yesterday',
    '1980',
    '2026-07-02',
    '2026-07-02T10:00:00',
    '2026-02-31T10:00:00Z',
    '2026-07-02T24:00:00Z',
    '2026-07-02T10:00:00Z; rm',
  ])('that restic cannot restore as of "%s"', (restoreAsOf) => {
    expectRefusal(aDestination({ restic: { ...RESTIC, restoreAsOf } }), 'spec.restic.restoreAsOf is "');
  });

  it.each([
    ['stillpoint.dev/mover-deadline', '9s'],
    ['stillpoint.dev/mover-deadline', 'a while'],
    ['stillpoint.dev/mover-pending', '4s'],
  ])('that its annotation %s is no duration, or too short: %s', (key, value) => {
    expectRefusal(aDestination({ restic: RESTIC }, { [key]: value }), `annotation ${key} must be a duration`);
  });
});

describe('a destination is planned', () => {
  it.each([
    ['restic', 'restic', 'volsync-orders-dest'],
    ['rclone', 'rclone', 'volsync-orders-dest'],
    ['rsyncTLS', 'rsync-tls', 'volsync-orders-dst'],
    ['rsync', 'rsync', 'volsync-orders-dst'],
  ])('with the PVC that VolSync would make for %s', (section, mover, name) => {
    expect(planned({ [section]: { ...RESTIC, ...RCLONE, storageClassName: 'fast' } })).toEqual({
      mover,
      copyMethod: 'Snapshot',
      volume: {
        kind: 'dynamic',
        name,
        capacity: '2Gi',
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
      },
      limits: DEFAULTS,
    });
  });

  it.each([
    ['Snapshot', 'Snapshot'],
    ['Direct', 'Direct'],
    ['None', 'Direct'],
  ])('with the copy method %s as %s', (copyMethod, method) => {
    expect(planned({ restic: { ...RESTIC, copyMethod } })).toMatchObject({ copyMethod: method });
  });

  it('with the PVC that the owner gives, of which nothing is cleaned up', () => {
    const restic = {
      repository: 'secret',
      copyMethod: 'Direct',
      destinationPVC: 'data',
      cleanupTempPVC: true,
    };
    expect(planned({ restic })).toMatchObject({ volume: { kind: 'given', name: 'data' } });
  });

  it('with a PVC whose name is as long as the destination’s', () => {
    const name = 'n'.repeat(200);
    const destination = ReplicationDestination.parse({ metadata: { name }, spec: { restic: RESTIC } });
    expect(planDestination(destination, DEFAULTS)).toMatchObject({
      plan: { volume: { name: `volsync-${name}-dest` } },
    });
  });

  it('with a capacity in bytes as Kubernetes writes it', () => {
    expect(planned({ rsync: { ...VOLUME, capacity: 1_073_741_824 } })).toMatchObject({
      volume: { capacity: '1073741824' },
    });
  });

  it('with a PVC of ours that goes with cleanupTempPVC alone', () => {
    const temporary = { ...RESTIC, cleanupTempPVC: true };
    const specOf = (spec: object) => aDestination(spec).spec ?? {};
    expect(pvcGoes(specOf({ restic: temporary }), 'restic')).toBe(true);
    expect(pvcGoes(specOf({ rsyncTLS: temporary }), 'rsync-tls')).toBe(true);
    expect(pvcGoes(specOf({ restic: { ...temporary, destinationPVC: 'data' } }), 'restic')).toBe(false);
    expect(pvcGoes(specOf({ restic: RESTIC }), 'restic')).toBe(false);
  });

  it('with the snapshot class that it names', () => {
    const restic = { ...RESTIC, volumeSnapshotClassName: 'weekly' };
    expect(planned({ restic })).toMatchObject({ volumeSnapshotClassName: 'weekly' });
  });

  it.each(['2026-07-02T10:00:00Z', '2026-07-02t10:00:00z', '1980-02-29T10:00:00.5+02:00'])(
    'to restore as of %s',
    (restoreAsOf) => {
      expect(planned({ restic: { ...RESTIC, restoreAsOf, previous: 0 } })).toMatchObject({ mover: 'restic' });
    },
  );

  it('with the limits of the worker, unless its annotations say others', () => {
    const annotations = {
      'stillpoint.dev/mover-deadline': '2h',
      'stillpoint.dev/mover-pending': '90s',
      'stillpoint.dev/freeze-bound': 'of no matter here',
    };
    expect(planned({ restic: RESTIC }, annotations)).toMatchObject({
      limits: { ...DEFAULTS, moverDeadlineMs: 7_200_000, moverPendingMs: 90_000 },
    });
  });
});

function planned(spec: object, annotations: Readonly<Record<string, string>> = {}) {
  const decided = planDestination(aDestination(spec, annotations), DEFAULTS);
  if ('refusal' in decided) throw new Error(decided.refusal.message);
  return decided.plan;
}

function expectRefusal(destination: ReplicationDestination, sentence: string): void {
  const decided = planDestination(destination, DEFAULTS);
  if (!('refusal' in decided)) throw new Error('it was planned');
  expect(decided.refusal).toMatchObject({ reason: 'SourceInvalid', retry: false });
  expect(decided.refusal.message).toMatch(/^ReplicationDestination shop\/orders: [^\n]+[^.]$/);
  expect(decided.refusal.message).toContain(sentence);
}

// As the API server hands it out: JSON, in which what is undefined is absent.
function aDestination(
  spec: object,
  annotations: Readonly<Record<string, string>> = {},
): ReplicationDestination {
  const object = {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationDestination',
    metadata: { namespace: 'shop', name: 'orders', annotations },
    spec,
  };
  return ReplicationDestination.parse(JSON.parse(JSON.stringify(object)));
}
