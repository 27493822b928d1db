import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { ReplicationSource } from '../../api/replication-source.ts';
import { ANNOTATIONS as A } from '../../domain/copy-trigger.ts';
import { planMigration } from '../../client/cli/migration.ts';
import type { Found } from '../../client/cli/migration.ts';
import { recorded, waitingWith } from './recorded-sources.ts';

const NOTHING: Found = { sources: [], destinations: [], pvcs: [], lease: undefined, deployments: [] };

function judged(source: ReplicationSource, pvc?: PersistentVolumeClaim) {
  const { objects } = planMigration({ ...NOTHING, sources: [source], pvcs: pvc === undefined ? [] : [pvc] });
  return objects[0];
}

function withSpec(spec: object): ReplicationSource {
  const { source } = recorded('idle');
  return { ...source, spec: { ...source.spec, ...spec } };
}

describe('a migration from VolSync', () => {
  it('serves a source as it is', () => {
    const { source, pvc } = recorded('idle');
    const plain = { ...pvc, metadata: { ...pvc.metadata, annotations: {} } };
    expect(judged(source, plain)).toMatchObject({ verdict: 'served', mover: 'restic', remarks: [] });
  });

  it('says what a script of the application has to heed', () => {
    const asks = judged(recorded('idle').source, recorded('idle').pvc);
    expect(asks?.remarks.join()).toContain('must heed Failed');
    const { source, pvc } = waitingWith({ [A.latestCopyStatus]: 'InProgress' });
    expect(judged(source, pvc)?.remarks.join()).toContain('let it go on before you migrate');
  });

  it('names what nobody serves afterwards: syncthing, several movers, block volumes, unreadable times', () => {
    const { source, pvc } = recorded('idle');
    const { restic: _, ...spec } = source.spec ?? {};
    expect(judged({ ...source, spec: { ...spec, syncthing: {} } })).toMatchObject({
      verdict: 'refused',
      mover: 'syncthing',
    });
    expect(judged(withSpec({ rclone: {} }))?.verdict).toBe('refused');
    expect(judged(withSpec({ trigger: { schedule: '61 * * * *' } }))?.remarks[0]).toContain('times');
    const block = { ...pvc, spec: { ...pvc.spec, volumeMode: 'Block' } };
    expect(judged(source, block)?.remarks[0]).toContain('block volume');
  });

  it('leaves external ones alone, keeps pauses, and tells which first sync starts at once', () => {
    const { source } = recorded('idle');
    const { restic: _, ...spec } = source.spec ?? {};
    expect(judged({ ...source, spec: { ...spec, external: {} } })?.verdict).toBe('foreign');
    expect(judged(recorded('paused').source)?.remarks).toContain('paused: stays paused');
    expect(judged(recorded('fresh').source)?.remarks.join()).toContain('starts at once');
  });

  it('stops the operator of VolSync before ours starts, and nobody in the middle of a sync', () => {
    const containers = [{ name: 'manager', image: 'quay.io/backube/volsync:0.16.0' }];
    const deployment = {
      metadata: { namespace: 'volsync-system', name: 'volsync' },
      spec: { template: { spec: { containers } } },
    };
    const { steps, operators, busy } = planMigration({
      ...NOTHING,
      sources: [recorded('waiting').source],
      deployments: [deployment, { metadata: { name: 'other' } }],
    });
    expect(operators).toEqual([deployment]);
    expect(busy).toEqual(['shop/test-rs']);
    const stop = steps.findIndex((step) => step.includes('scale deployment volsync --replicas=0'));
    expect(stop).toBeGreaterThanOrEqual(0);
    expect(stop).toBeLessThan(steps.findIndex((step) => step.startsWith('start Stillpoint')));
  });
});
