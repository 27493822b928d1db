import { describe, expect, it } from 'vitest';
import type { StorageClass, VolumeSnapshot, VolumeSnapshotClass } from '../../api/kubernetes.ts';
import {
  DEFINITIONS,
  judgeClasses,
  judgeClock,
  judgeDefinitions,
  judgeSnapshotController,
  judgeVersion,
} from '../../client/cli/doctor/cluster-judgement.ts';
import type { Deployment } from '../../client/cli/doctor/cluster-judgement.ts';
import { judgeRights, RIGHTS } from '../../client/cli/doctor/look-rights.ts';
import {
  judgeController,
  judgeDeployments,
  judgeGuard,
  judgeRetention,
  judgeSearchAttributes,
  judgeServedCluster,
  judgeWorkers,
} from '../../client/cli/doctor/temporal-judgement.ts';
import { checksText } from '../../client/cli/doctor.ts';
import { createInk } from '../../client/cli/print/ink.ts';
import { SEARCH_ATTRIBUTES } from '../../domain/messages.ts';
import { ASKED, recorded, triggered } from './recorded-sources.ts';

const NOW = ASKED + 3_600_000;
const DEFAULT = { 'snapshot.storage.kubernetes.io/is-default-class': 'true' };

const storageClass = (provisioner: string): StorageClass => ({
  metadata: { name: provisioner },
  provisioner,
});
const snapshotClass = (name: string, driver: string, annotations = {}): VolumeSnapshotClass => ({
  metadata: { name, annotations },
  driver,
  deletionPolicy: 'Delete',
});

function controllerDeployment(args: readonly string[], readyReplicas = 1): Deployment {
  const containers = [{ name: 'c', image: 'registry.k8s.io/sig-storage/snapshot-controller:v8', args }];
  return {
    metadata: { namespace: 'kube-system', name: 'snapshot-controller' },
    spec: { template: { spec: { containers } } },
    status: { readyReplicas },
  };
}

describe('the doctor, about the cluster,', () => {
  it('warns of a Kubernetes that is older than what is tested', () => {
    expect(judgeVersion({ minor: '36', gitVersion: 'v1.36.3' }).state).toBe('ok');
    expect(judgeVersion({ minor: '24+', gitVersion: 'v1.24.0-eks' }).state).toBe('warning');
  });

  it('names each definition that is missing, and says where it comes from', () => {
    const none = judgeDefinitions([]);
    expect(none.map(({ state }) => state)).toEqual(['failed', 'warning', 'failed', 'failed', 'failed']);
    expect(none[0]?.doWhat).toContain('deploy/crds');
    expect(none[2]?.doWhat).toContain('snapshot-controller');
  });

  it('tells a foreign definition of ours, which drops status.lastCopy', () => {
    const served = (schema: object) =>
      DEFINITIONS.map(({ name, version }) => ({
        metadata: { name },
        spec: { versions: [{ name: version, schema: { openAPIV3Schema: schema } }] },
      }));
    expect(judgeDefinitions(served({ lastCopy: {} })).map(({ state }) => state)).toEqual(['ok']);
    expect(judgeDefinitions(served({}))[1]?.found).toContain('status.lastCopy is dropped');
  });

  it('finds drivers without a snapshot class, and with none or several defaults', () => {
    const one = [snapshotClass('a', 'csi.x', DEFAULT)];
    expect(judgeClasses([storageClass('csi.x')], one)).toMatchObject([{ state: 'ok' }]);
    expect(judgeClasses([storageClass('csi.x')], [])).toMatchObject([{ state: 'failed' }]);
    expect(judgeClasses([storageClass('csi.y')], one)[0]?.found).toContain('csi.y');
    const two = [...one, snapshotClass('b', 'csi.x', DEFAULT)];
    expect(judgeClasses([storageClass('csi.x')], two)[0]?.found).toContain('2 default classes: a, b');
    const none = [snapshotClass('b', 'csi.x')];
    expect(judgeClasses([storageClass('csi.x')], none)[0]?.found).toContain('is the default (b)');
  });

  it('finds a snapshot-controller that is dead, slow or not to be seen', () => {
    const ask = (deployments: readonly Deployment[], snapshots: readonly VolumeSnapshot[] = []) =>
      judgeSnapshotController({ deployments, snapshots, now: NOW });
    expect(ask([controllerDeployment(['--kube-api-qps=100'])]).state).toBe('ok');
    expect(ask([controllerDeployment(['--kube-api-qps', '50'])]).state).toBe('ok');
    expect(ask([controllerDeployment([])])).toMatchObject({ state: 'warning' });
    expect(ask([controllerDeployment([], 0)]).state).toBe('failed');
    expect(ask([]).state).toBe('unknown');
    const creationTimestamp = new Date(NOW - 120_000).toISOString();
    const metadata = { namespace: 'shop', name: 's', creationTimestamp };
    const spec = { source: {} };
    expect(ask([], [{ metadata, spec }]).found).toContain('shop/s');
    expect(
      ask([], [{ metadata, spec, status: { boundVolumeSnapshotContentName: 'c', creationTime: 'x' } }]).state,
    ).toBe('ok');
  });

  it('warns of a clock that would mislead', () => {
    expect(judgeClock(NOW, NOW - 1_500).state).toBe('ok');
    expect(judgeClock(NOW, NOW - 30_000).found).toContain('30s behind');
    expect(judgeClock(NOW, NOW + 30_000).found).toContain('30s ahead of');
  });

  it('says which command lacks which right', () => {
    expect(judgeRights([], 'shop')).toMatchObject([{ state: 'ok' }]);
    const patch = RIGHTS.filter(({ verb, resource }) => verb === 'patch' && resource.startsWith('pers'));
    const [check] = judgeRights(patch, undefined);
    expect(check?.found).toBe('you may not patch persistentvolumeclaims in all namespaces');
    expect(check?.doWhat).toContain('trigger');
  });
});

describe('the doctor, about Temporal and our processes,', () => {
  it('warns of a short retention, and of search attributes and a namespace that are not right', () => {
    expect(judgeRetention('default', 86_400_000).state).toBe('warning');
    expect(judgeRetention('default', 7 * 86_400_000).found).toBe('default remembers ended syncs for 7d');
    expect(judgeSearchAttributes('default', [...SEARCH_ATTRIBUTES, 'Other']).state).toBe('ok');
    expect(judgeSearchAttributes('default', ['SyncPvc']).found).toContain('SyncSource');
    expect(judgeServedCluster('default', 'a', 'a').state).toBe('ok');
    expect(judgeServedCluster('default', 'b', 'a').state).toBe('failed');
    expect(judgeServedCluster('default', undefined, 'a').state).toBe('warning');
  });

  it('finds a worker that is missing, or takes no movers', () => {
    expect(judgeWorkers(2, 1).state).toBe('ok');
    expect(judgeWorkers(0, 0).found).toBe('no worker asks Temporal for work');
    expect(judgeWorkers(1, 0)).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('movers') as string,
    });
  });

  it('finds a controller that has not seen a source, but not within its first half minute', () => {
    const { source } = recorded('idle');
    expect(judgeController([source], [], NOW)).toMatchObject({ state: 'failed' });
    expect(judgeController([source], ['source/shop/test-rs'], NOW).state).toBe('ok');
    const created = Date.parse(source.metadata.creationTimestamp ?? '');
    expect(judgeController([source], [], created + 1_000).state).toBe('unknown');
  });

  it('finds a guard that has let a deadline pass', () => {
    const { pvc } = triggered('t1', false);
    expect(judgeGuard([pvc], ASKED + 120_000).state).toBe('ok');
    expect(judgeGuard([pvc], NOW).found).toContain('is beyond its deadline');
    expect(judgeGuard([recorded('waiting').pvc], NOW).state).toBe('ok');
  });

  it('counts the replicas of the chart’s Deployments', () => {
    const labels = { 'app.kubernetes.io/name': 'stillpoint', 'app.kubernetes.io/component': 'guard' };
    const guard = { metadata: { namespace: 's', name: 'g', labels }, spec: { replicas: 2 } };
    expect(judgeDeployments([guard])).toMatchObject([{ name: 'guard', state: 'failed' }]);
    expect(judgeDeployments([{ ...guard, status: { readyReplicas: 1 } }])).toMatchObject([{ state: 'ok' }]);
    expect(judgeDeployments([controllerDeployment([])])).toEqual([]);
  });
});

describe('what the doctor prints', () => {
  it('says for each trouble what to do, and counts them', () => {
    const text = checksText([judgeWorkers(0, 0), judgeClock(NOW, NOW)], createInk(false));
    expect(text).toContain('FAILED   worker  no worker asks Temporal for work');
    expect(text).toContain('→ Start one');
    expect(text).toMatch(/1 failed, 0 warnings, 0 unknown, 1 ok$/);
  });
});
