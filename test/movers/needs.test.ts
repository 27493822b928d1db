import { describe, expect, it } from 'vitest';
import type { MoverName, OwnerKind } from '../../api/sync.ts';
import { SECTIONS } from '../../domain/plan.ts';
import { moverOf } from '../../movers/index.ts';
import { needsOf, problemOf } from '../../movers/needs.ts';
import { ownKeySet } from '../../movers/own-keys.ts';
import { addressOf, serviceOf } from '../../movers/service.ts';

const NOTHING = { privileged: false, restricted: false };

function mover(name: MoverName, options: object, kind: OwnerKind = 'ReplicationSource') {
  return moverOf(name, kind, { [SECTIONS[name]]: options });
}

function problem(name: MoverName, options: object, allowed = NOTHING): string | undefined {
  return problemOf(mover(name, options), `spec.${SECTIONS[name]}`, allowed);
}

describe('what a section asks for', () => {
  it.each<[MoverName, object, RegExp]>([
    ['restic', { retain: { within: '3 days' } }, /spec\.restic\.retain\.within is "3 days".* 1y2m7d5h/],
    ['restic', { retain: { within: '3d --prune' } }, /retain\.within/],
    ['restic', { retain: { last: 'all' } }, /spec\.restic\.retain\.last is "all"/],
    ['rclone', { rcloneDestPath: 'a' }, /spec\.rclone\.rcloneConfigSection must name/],
    ['rclone', { rcloneConfigSection: 'a' }, /spec\.rclone\.rcloneDestPath must name/],
    ['rsync-tls', {}, /spec\.rsyncTLS\.address must be the address/],
    ['rsync', {}, /spec\.rsync\.address must be the address/],
    [
      'restic',
      { moverVolumes: [{ mountPath: '../x', volumeSource: { nfs: {} } }] },
      /spec\.restic\.moverVolumes\[0\]\.mountPath must be a path below/,
    ],
    [
      'restic',
      { moverVolumes: [{ mountPath: 'x', volumeSource: {} }] },
      /moverVolumes\[0\]\.volumeSource must hold exactly one/,
    ],
    [
      'restic',
      { moverVolumes: [1, 2].map(() => ({ mountPath: 'x', volumeSource: { nfs: {} } })) },
      /moverVolumes\[1\]\.mountPath x is mounted twice/,
    ],
  ])('of %s, %j, is refused with one sentence', (name, options, sentence) => {
    expect(problem(name, options)).toMatch(sentence);
  });

  it('may be every rule that restic knows', () => {
    const retain = { hourly: 1, daily: 2, within: '1y2m7d5h', last: '3' };
    expect(problem('restic', { retain })).toBeUndefined();
    expect(problem('restic', { retain: { within: '', last: 'unlimited' } })).toBeUndefined();
  });

  it('cannot be root in a restricted namespace', () => {
    const restricted = { privileged: false, restricted: true };
    expect(problem('rsync', { address: 'a' }, restricted)).toMatch(/works as root only.*use rsyncTLS/);
    expect(problem('restic', {}, { privileged: true, restricted: true })).toMatch(/remove one of the two/);
    expect(problem('restic', {}, restricted)).toBeUndefined();
  });

  it('names every object that must be there', () => {
    const needs = needsOf(
      mover('restic', {
        cacheStorageClassName: 'fast',
        moverServiceAccount: 'carrier',
        customCA: { configMapName: 'authority', key: 'ca.pem' },
        moverVolumes: [
          { mountPath: 'a', volumeSource: { secret: { secretName: 'key' } } },
          { mountPath: 'b', volumeSource: { secret: { secretName: 'maybe', optional: true } } },
          { mountPath: 'c', volumeSource: { persistentVolumeClaim: { claimName: 'repository' } } },
        ],
      }),
      'spec.restic',
    );
    expect(needs.map(({ kind, name, field }) => [kind, name, field])).toEqual([
      ['ServiceAccount', 'carrier', 'spec.restic.moverServiceAccount'],
      ['StorageClass', 'fast', 'spec.restic.cacheStorageClassName'],
      ['Secret', 'key', 'spec.restic.moverVolumes[0].volumeSource'],
      ['PersistentVolumeClaim', 'repository', 'spec.restic.moverVolumes[2].volumeSource'],
      ['ConfigMap', 'authority', 'spec.restic.customCA'],
    ]);
  });
});

describe('keys of our own', () => {
  it('have VolSync’s names, and the other side’s is published', () => {
    const source = mover('rsync', { address: 'a' });
    expect(ownKeySet('ssh', source, { name: 'orders' })).toMatchObject({
      main: 'volsync-rsync-src-main-orders',
      mounted: { name: 'volsync-rsync-src-src-orders', keys: ['source', 'source.pub', 'destination.pub'] },
      published: { name: 'volsync-rsync-src-dest-orders' },
    });
    const destination = mover('rsync', {}, 'ReplicationDestination');
    expect(ownKeySet('ssh', destination, { name: 'orders' })).toMatchObject({
      mounted: { name: 'volsync-rsync-dst-dest-orders' },
      published: { name: 'volsync-rsync-dst-src-orders' },
    });
    const tls = mover('rsync-tls', {}, 'ReplicationDestination');
    expect(ownKeySet('psk', tls, { name: 'orders' }).published.name).toBe('volsync-rsync-tls-orders');
  });

  it('are ours to make only where the owner names none', () => {
    expect(mover('rsync-tls', { keySecret: 'mine' }).secret).toMatchObject({
      kind: 'given',
      keys: ['psk.txt'],
    });
    expect(mover('rsync-tls', {}).secret).toEqual({ kind: 'own', keys: 'psk' });
    expect(mover('rsync', { sshKeys: 'mine' }).secret).toMatchObject({
      keys: ['source', 'source.pub', 'destination.pub'],
    });
  });
});

describe('the Service of a receiving mover', () => {
  const owner = { kind: 'ReplicationDestination', namespace: 'shop', name: 'orders', uid: 'u' } as const;

  it('selects its pod by VolSync’s labels', () => {
    const receiver = mover('rsync-tls', { serviceType: 'LoadBalancer', serviceAnnotations: {} }, owner.kind);
    const service = receiver.service && serviceOf(receiver, receiver.service, owner);
    expect(service).toMatchObject({
      metadata: { name: 'volsync-rsync-tls-dst-orders', annotations: {} },
      spec: {
        type: 'LoadBalancer',
        selector: {
          'app.kubernetes.io/name': 'dst-orders',
          'app.kubernetes.io/component': 'rsync-tls-mover',
          'app.kubernetes.io/part-of': 'volsync',
        },
        ports: [{ port: 8000, targetPort: 8000 }],
      },
    });
  });

  it('is reached at the load balancer’s name, else its address, else inside the cluster', () => {
    const metadata = { name: 's' };
    const balanced = (ingress: readonly object[]) =>
      addressOf({
        metadata,
        spec: { type: 'LoadBalancer', clusterIP: '10.0.0.1' },
        status: { loadBalancer: { ingress } },
      });
    expect(balanced([{ hostname: 'lb.example', ip: '1.2.3.4' }])).toBe('lb.example');
    expect(balanced([{ ip: '1.2.3.4' }])).toBe('1.2.3.4');
    expect(balanced([])).toBeUndefined();
    expect(addressOf({ metadata, spec: { type: 'ClusterIP', clusterIP: '10.0.0.1' } })).toBe('10.0.0.1');
    expect(addressOf({ metadata, spec: { type: 'ClusterIP' } })).toBeUndefined();
  });

  it('is none of a destination that is given an address', () => {
    expect(mover('rsync', { address: 'elsewhere' }, owner.kind).service).toBeUndefined();
    expect(mover('rsync', { port: 2222 }, owner.kind).service).toMatchObject({
      port: 2222,
      targetPort: 8022,
    });
  });
});
