import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { seedObjects } from '../../tools/demo/seed.ts';

const seed = join(import.meta.dirname, '../../examples/seed');
const repository = { RESTIC_REPOSITORY: 's3:http://store/bucket/run', RESTIC_PASSWORD: 'secret' };
const EVERYTHING = ['namespace', 'pvc', 'secret', 'application', 'source'] as const;

describe('the objects that the demo applies', () => {
  it.each(['pvc', 'source'] as const)('leave the %s word for word as in examples/seed', (part) => {
    const written: unknown = parse(readFileSync(join(seed, `${part}.yaml`), 'utf8'));
    expect(seedObjects([part], { repository })).toEqual([written]);
  });

  it('are all of those in examples/seed', () => {
    const { resources } = parse(readFileSync(join(seed, 'kustomization.yaml'), 'utf8')) as {
      resources: string[];
    };
    expect(resources.toSorted()).toEqual(EVERYTHING.map((part) => `${part}.yaml`).toSorted());
  });

  it("put this run's repository into the Secret, and nothing of the example's", () => {
    expect(seedObjects(['secret'], { repository })).toMatchObject([
      { kind: 'Secret', stringData: repository },
    ]);
    expect(JSON.stringify(seedObjects(['secret'], { repository }))).not.toContain('change-me');
  });

  it('mark the namespace, so that the next run may remove it', () => {
    expect(seedObjects(['namespace'], { repository })).toMatchObject([
      { kind: 'Namespace', metadata: { name: 'test-ns', labels: { 'stillpoint.dev/demo': 'true' } } },
    ]);
  });

  it("take the image and the storage class that a cluster of one's own needs", () => {
    const choices = { repository, applicationImage: 'busybox:stable', storageClass: 'fast' };
    const adapted = seedObjects(['pvc', 'application'], choices);
    expect(adapted).toMatchObject([
      { kind: 'PersistentVolumeClaim', spec: { storageClassName: 'fast', accessModes: ['ReadWriteOnce'] } },
      { kind: 'ConfigMap' },
      { kind: 'Deployment', spec: { template: { spec: { containers: [{ image: 'busybox:stable' }] } } } },
    ]);
  });
});
