import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OwnerReference, VolumeSnapshot } from '../../api/kubernetes.ts';
import type { Owner } from '../../api/sync.ts';
import { imageName, imageOf, isOurImage, relinquished, superseded } from '../../domain/destination-volume.ts';
import { LABELS } from '../../domain/names.ts';

const DESTINATION: Owner = {
  kind: 'ReplicationDestination',
  namespace: 'shop',
  name: 'orders',
  uid: 'uid-1',
};
const OWNED: OwnerReference = {
  apiVersion: 'volsync.backube/v1alpha1',
  kind: 'ReplicationDestination',
  name: 'orders',
  uid: 'uid-1',
  controller: true,
  blockOwnerDeletion: true,
};
const PRIME: OwnerReference = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  name: 'vs-prime-1',
  uid: 'uid-9',
};
const TIME = Date.parse('2026-07-02T22:14:07.999Z');
const LABELS_THAT_LAST = {
  'app.kubernetes.io/created-by': 'volsync',
  'app.kubernetes.io/managed-by': 'stillpoint',
};

describe('the image', () => {
  const order = { destination: DESTINATION, run: 'run-1', pvcName: 'data', time: TIME };

  it('is a snapshot of the PVC that outlasts its run', () => {
    expect(imageOf({ ...order, volumeSnapshotClassName: 'weekly' })).toEqual({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: {
        name: expect.stringMatching(/^data-20260702221407-[0-9a-f]{8}$/),
        namespace: 'shop',
        labels: LABELS_THAT_LAST,
        annotations: { 'stillpoint.dev/workflow-id': 'run-1' },
        ownerReferences: [OWNED],
      },
      spec: { source: { persistentVolumeClaimName: 'data' }, volumeSnapshotClassName: 'weekly' },
    });
  });

  it('is of the default class unless its owner names one', () => {
    expect(imageOf(order).spec).toEqual({ source: { persistentVolumeClaimName: 'data' } });
  });

  it('is found again by a retry, and by no other run or destination', () => {
    const image = imageOf(order);
    expect(isOurImage(order, image)).toBe(true);
    expect(isOurImage({ ...order, run: 'run-2' }, image)).toBe(false);
    expect(isOurImage({ ...order, destination: { ...DESTINATION, uid: 'uid-2' } }, image)).toBe(false);
  });
});

describe('the name of an image', () => {
  const dnsName = fc.stringMatching(/^[a-z0-9]{1,253}$/);
  const time = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });

  it('is one that Kubernetes takes, however long the PVC’s is', () => {
    fc.assert(
      fc.property(dnsName, time, fc.string(), (pvcName, moment, run) => {
        const name = imageName({ pvcName, run, time: moment.getTime() });
        expect(name.length).toBeLessThanOrEqual(253);
        expect(name).toMatch(/^[a-z0-9]+-\d{14}-[0-9a-f]{8}$/);
      }),
    );
  });

  it('begins with the PVC’s while that fits', () => {
    const longest = 'p'.repeat(229);
    expect(imageName({ pvcName: longest, run: 'r', time: TIME })).toMatch(new RegExp(`^${longest}-2026`));
    expect(imageName({ pvcName: `${longest}p`, run: 'r', time: TIME })).toMatch(/^[0-9a-f]{8}-2026/);
  });

  it('says the second in UTC', () => {
    fc.assert(
      fc.property(time, (moment) => {
        const name = imageName({ pvcName: 'data', run: 'r', time: moment.getTime() });
        const [, year, month, day, hour, minute, second] =
          /^data-(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-/.exec(name) ?? [];
        const said = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
        expect(said).toBe(Math.floor(moment.getTime() / 1000) * 1000);
      }),
    );
  });

  it('tells apart two runs in one second, and is the same for a retry (RD-2)', () => {
    const names = ['run-1', 'run-2', 'run-1'].map((run, at) =>
      imageName({ pvcName: 'data', run, time: Date.parse('2026-07-02T10:00:00Z') + at }),
    );
    expect(new Set(names).size).toBe(2);
    expect(names[2]).toBe(names[0]);
  });
});

describe('images that are superseded', () => {
  it('are all but the latest', () => {
    const images = ['a', 'b', 'c'].map((name) => anImage(name));
    expect(superseded(images, DESTINATION, 'b')).toEqual({ remove: ['a', 'c'], relinquish: [] });
    expect(superseded(images, DESTINATION, undefined)).toEqual({ remove: ['a', 'b', 'c'], relinquish: [] });
  });

  it('are also those that VolSync took', () => {
    const ofVolSync = anImage('data-20260101000000', {
      labels: { 'app.kubernetes.io/created-by': 'volsync', [LABELS.cleanup]: 'uid-1' },
    });
    expect(superseded([ofVolSync], DESTINATION, 'now')).toEqual({
      remove: ['data-20260101000000'],
      relinquish: [],
    });
  });

  it.each([
    ['of nobody', { ownerReferences: [] }],
    ['of another destination', { ownerReferences: [{ ...OWNED, uid: 'uid-2' }] }],
    ['already on their way out', { deletionTimestamp: '2026-07-02T10:00:00Z' }],
    ['to be kept and of nobody any more', { ownerReferences: [], labels: { [LABELS.doNotDelete]: '' } }],
  ])('are none that are %s', (_, metadata) => {
    expect(superseded([anImage('a', metadata)], DESTINATION, 'now')).toEqual({ remove: [], relinquish: [] });
  });

  it('are let go of when they are to be kept, the latest too: it survives its destination', () => {
    const kept = { labels: { [LABELS.doNotDelete]: '' } };
    expect(superseded([anImage('a', kept), anImage('now', kept)], DESTINATION, 'now')).toEqual({
      remove: [],
      relinquish: ['a', 'now'],
    });
  });

  it('are let go of when a PVC is being populated from them, and go with that PVC', () => {
    const used = { ownerReferences: [OWNED, PRIME] };
    expect(superseded([anImage('a', used), anImage('now', used)], DESTINATION, 'now')).toEqual({
      remove: [],
      relinquish: ['a'],
    });
  });

  it('wait when a PVC is about to be populated from them (VH-9)', () => {
    const labels = { 'volsync.backube/volpop-pvc-1234': 'restored' };
    expect(superseded([anImage('a', { labels })], DESTINATION, 'now')).toEqual({
      remove: [],
      relinquish: [],
    });
  });

  it('never are the latest one, one of somebody else’s, or one that is in use', () => {
    const images = fc.uniqueArray(anyImage, { selector: ({ metadata }) => metadata.name });
    fc.assert(
      fc.property(images, fc.constantFrom('a', 'b', 'c', undefined), (all, current) => {
        const { remove, relinquish } = superseded(all, DESTINATION, current);
        expect(remove).not.toContain(current);
        for (const { metadata } of all.filter(({ metadata: { name } }) => remove.includes(name))) {
          expect(metadata.ownerReferences).toEqual([OWNED]);
          const keys = Object.keys(metadata.labels ?? {});
          expect(keys.filter((key) => /do-not-delete|volpop-pvc-/.test(key))).toEqual([]);
          expect(relinquish).not.toContain(metadata.name);
        }
      }),
    );
  });
});

describe('an image that is let go of', () => {
  it('belongs to nobody any more when it is to be kept', () => {
    const image = anImage('a', {
      uid: 'uid-5',
      resourceVersion: '7',
      labels: { ...LABELS_THAT_LAST, [LABELS.doNotDelete]: '' },
    });
    expect(relinquished(image, DESTINATION)).toEqual({
      metadata: {
        uid: 'uid-5',
        resourceVersion: '7',
        ownerReferences: null,
        labels: { [LABELS.cleanup]: null, [LABELS.createdBy]: null, [LABELS.managedBy]: null },
      },
    });
  });

  it('stays with its other owners', () => {
    const image = anImage('a', { ownerReferences: [OWNED, PRIME] });
    expect(relinquished(image, DESTINATION)).toEqual({ metadata: { ownerReferences: [PRIME] } });
  });
});

const anyImage = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    ownerReferences: fc.subarray([OWNED, PRIME, { ...OWNED, uid: 'uid-2' }]),
    keys: fc.subarray([LABELS.createdBy, LABELS.cleanup, LABELS.doNotDelete, 'volsync.backube/volpop-pvc-1']),
  })
  .map(({ name, ownerReferences, keys }) =>
    anImage(name, { ownerReferences, labels: Object.fromEntries(keys.map((key) => [key, 'value'])) }),
  );

function anImage(name: string, metadata: Partial<VolumeSnapshot['metadata']> = {}): VolumeSnapshot {
  return {
    metadata: { name, namespace: 'shop', labels: LABELS_THAT_LAST, ownerReferences: [OWNED], ...metadata },
    spec: { source: { persistentVolumeClaimName: 'data' } },
  };
}
