// For each field of a mover's section in VolSync's specs (reference VolSync §1.4 to §1.9, §7.1) a value, and what it leads to.
import { expect } from 'vitest';
import type { MoverName } from '../../api/sync.ts';
import type { Spec } from './drop-in.ts';

export interface Field {
  /** `retain.last` is a field of a field. */
  readonly field: string;
  readonly value: unknown;
  /** Parts of what `ledToBy` says; without the field it does not say so. */
  readonly leadsTo: object;
  /** What the section must hold, so that the field has a meaning. */
  readonly besides?: Spec;
}

type Side = 'source' | 'destination';

/** What a section must hold in any case. */
export const LEAST: Readonly<Record<MoverName, Record<Side, Spec>>> = {
  restic: sides({ repository: 'backup' }),
  rclone: sides({ rcloneConfig: 'remote', rcloneConfigSection: 's3', rcloneDestPath: 'bucket' }),
  'rsync-tls': { ...sides({}), source: { copyMethod: 'Snapshot', address: 'host' } },
  rsync: { ...sides({}), source: { copyMethod: 'Snapshot', address: 'host' } },
};

function sides(least: Spec): Record<Side, Spec> {
  const receives = { copyMethod: 'Snapshot', capacity: '2Gi', accessModes: ['ReadWriteOnce'] };
  return { source: { copyMethod: 'Snapshot', ...least }, destination: { ...receives, ...least } };
}

/** Accepted, and without effect: as in VolSync, which reads none of them, or fails where it would. */
export const WITHOUT_EFFECT: readonly string[] = [
  'rsync source path',
  'rsync source sshUser',
  // Of the Service that VolSync makes for a source without address, which its script then fails for want of.
  'rsync source serviceType',
  'rsync destination path',
  'rsync destination sshUser',
];

/** The fields of one mover's section on one side. */
export function fieldsOf(mover: MoverName, side: Side): readonly Field[] {
  const ofPod = mover === 'rsync' ? POD.filter(({ field }) => OF_RSYNC_POD.includes(field)) : POD;
  return [...(side === 'source' ? COPY : RECEIVED), ...ofPod, ...OWN[mover][side]];
}

const COPY: readonly Field[] = [
  {
    field: 'copyMethod',
    value: 'Clone',
    leadsTo: { copy: { pvc: { spec: { dataSource: { name: 'data-pvc' } } } } },
  },
  {
    field: 'copyMethod',
    value: 'None',
    leadsTo: { copyMethod: 'Direct', copy: false, pod: claims('data-pvc') },
  },
  {
    field: 'copyMethod',
    value: 'Direct',
    leadsTo: { copyMethod: 'Direct', copy: false, pod: claims('data-pvc') },
  },
  { field: 'capacity', value: '7Gi', leadsTo: { copy: { pvc: { spec: sized('7Gi') } } } },
  {
    field: 'storageClassName',
    value: 'fast',
    leadsTo: { copy: { pvc: { spec: { storageClassName: 'fast' } } } },
  },
  {
    field: 'accessModes',
    value: ['ReadOnlyMany'],
    leadsTo: { copy: { pvc: { spec: { accessModes: ['ReadOnlyMany'] } } } },
  },
  {
    field: 'volumeSnapshotClassName',
    value: 'quick',
    leadsTo: { copy: { snapshot: { spec: { volumeSnapshotClassName: 'quick' } } } },
  },
];

const RECEIVED: readonly Field[] = [
  { field: 'copyMethod', value: 'Direct', leadsTo: { image: false } },
  { field: 'copyMethod', value: 'Clone', leadsTo: { refusal: { reason: expect.any(String) } } },
  { field: 'capacity', value: '7Gi', leadsTo: { received: { spec: sized('7Gi') } } },
  { field: 'storageClassName', value: 'fast', leadsTo: { received: { spec: { storageClassName: 'fast' } } } },
  {
    field: 'accessModes',
    value: ['ReadWriteMany'],
    leadsTo: { received: { spec: { accessModes: ['ReadWriteMany'] } } },
  },
  {
    field: 'volumeSnapshotClassName',
    value: 'quick',
    leadsTo: { image: { spec: { volumeSnapshotClassName: 'quick' } } },
  },
  { field: 'destinationPVC', value: 'mine', leadsTo: { received: 'mine', pod: claims('mine') } },
  { field: 'cleanupTempPVC', value: true, leadsTo: { goes: { pvc: true } } },
];

const OF_RSYNC_POD = ['moverServiceAccount', 'moverPodLabels', 'moverResources'];
const SOMEBODY = { runAsUser: 1000, fsGroup: 2000 };
const RESOURCES = { limits: { memory: '1Gi' } };
const AFFINITY = { podAffinity: { some: 'rule' } };

const POD: readonly Field[] = [
  { field: 'moverSecurityContext', value: SOMEBODY, leadsTo: { pod: { securityContext: SOMEBODY } } },
  {
    field: 'moverServiceAccount',
    value: 'carrier',
    leadsTo: { pod: { serviceAccountName: 'carrier' }, needs: ['ServiceAccount carrier'] },
  },
  { field: 'moverPodLabels', value: { team: 'shop' }, leadsTo: { pod: { labels: { team: 'shop' } } } },
  { field: 'moverResources', value: RESOURCES, leadsTo: { container: { resources: RESOURCES } } },
  { field: 'moverAffinity', value: AFFINITY, leadsTo: { pod: { affinity: AFFINITY } } },
  extraVolume({ secret: { secretName: 'key' } }, ['Secret key']),
  extraVolume({ persistentVolumeClaim: { claimName: 'share' } }, ['PersistentVolumeClaim share']),
  extraVolume({ nfs: { server: 'files', path: '/backup' } }, []),
];

const CUSTOM_CA: readonly Field[] = [
  authority('customCA.secretName', { secret: { secretName: 'authority' } }, 'Secret authority'),
  authority('customCA.configMapName', { configMap: { name: 'authority' } }, 'ConfigMap authority'),
  {
    field: 'customCA.key',
    value: 'ca.pem',
    besides: { customCA: { secretName: 'authority' } },
    leadsTo: { environment: { CUSTOM_CA: '/customCA/ca.crt' } },
  },
];

const RESTIC: readonly Field[] = [
  {
    field: 'repository',
    value: 'other',
    leadsTo: {
      secret: { name: 'other' },
      environment: { RESTIC_REPOSITORY: { secretKeyRef: { name: 'other' } } },
    },
  },
  { field: 'cacheCapacity', value: '9Gi', leadsTo: { cache: { spec: sized('9Gi') } } },
  {
    field: 'cacheStorageClassName',
    value: 'slow',
    leadsTo: { cache: { spec: { storageClassName: 'slow' } } },
  },
  {
    field: 'cacheAccessModes',
    value: ['ReadWriteMany'],
    leadsTo: { cache: { spec: { accessModes: ['ReadWriteMany'] } } },
  },
  ...CUSTOM_CA,
];

const RCLONE: readonly Field[] = [
  {
    field: 'rcloneConfigSection',
    value: 'other',
    leadsTo: { environment: { RCLONE_CONFIG_SECTION: 'other' } },
  },
  { field: 'rcloneDestPath', value: 'there', leadsTo: { environment: { RCLONE_DEST_PATH: 'there' } } },
  { field: 'rcloneConfig', value: 'other', leadsTo: { secret: { name: 'other', keys: ['rclone.conf'] } } },
  ...CUSTOM_CA,
];

const SENDS: readonly Field[] = [
  { field: 'address', value: '10.1.1.1', leadsTo: { environment: { DESTINATION_ADDRESS: '10.1.1.1' } } },
  { field: 'port', value: 2222, leadsTo: { environment: { DESTINATION_PORT: '2222' } } },
];

// VolSync's default.
const NETWORK_LOAD_BALANCER = { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb' };

const RECEIVES: readonly Field[] = [
  {
    field: 'volumeMode',
    value: 'Block',
    leadsTo: { refusal: { message: expect.stringContaining('volumeMode Block') } },
  },
  { field: 'serviceType', value: 'LoadBalancer', leadsTo: { service: { spec: { type: 'LoadBalancer' } } } },
  {
    field: 'serviceAnnotations',
    value: { a: 'b' },
    leadsTo: { service: { metadata: { annotations: { a: 'b' } } } },
  },
  {
    field: 'serviceAnnotations',
    value: {},
    leadsTo: { service: { metadata: { annotations: expect.not.objectContaining(NETWORK_LOAD_BALANCER) } } },
  },
];

const KEY_SECRET: Field = {
  field: 'keySecret',
  value: 'mine',
  leadsTo: { secret: { kind: 'given', name: 'mine' } },
};
const SSH_KEYS: Field = {
  field: 'sshKeys',
  value: 'mine',
  leadsTo: { secret: { kind: 'given', name: 'mine' } },
};

const OWN: Readonly<Record<MoverName, Record<Side, readonly Field[]>>> = {
  restic: {
    source: [
      ...RESTIC,
      { field: 'pruneIntervalDays', value: 30, leadsTo: { container: { args: ['backup'] } } },
      { field: 'unlock', value: 'once', leadsTo: { container: { args: ['unlock', 'backup', 'prune'] } } },
      ...['hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((rule) => retained(rule, 3)),
      retained('within', '1y2m'),
      retained('last', '4'),
    ],
    destination: [
      ...RESTIC,
      { field: 'cleanupCachePVC', value: true, leadsTo: { goes: { cache: true } } },
      { field: 'previous', value: 2, leadsTo: { environment: { SELECT_PREVIOUS: '2' } } },
      {
        field: 'restoreAsOf',
        value: '2026-07-01T00:00:00Z',
        leadsTo: { environment: { RESTORE_AS_OF: '2026-07-01T00:00:00Z' } },
      },
      { field: 'enableFileDeletion', value: true, leadsTo: { environment: { RESTORE_OPTIONS: '--delete' } } },
    ],
  },
  rclone: { source: RCLONE, destination: RCLONE },
  'rsync-tls': { source: [...SENDS, KEY_SECRET], destination: [...RECEIVES, KEY_SECRET] },
  rsync: {
    source: [...SENDS, SSH_KEYS],
    destination: [
      ...RECEIVES,
      SSH_KEYS,
      { field: 'address', value: 'elsewhere', leadsTo: { service: undefined } },
      {
        field: 'port',
        value: 2222,
        leadsTo: { service: { spec: { ports: [{ port: 2222, targetPort: 8022 }] } } },
      },
    ],
  },
};

function sized(storage: string) {
  return { resources: { requests: { storage } } };
}

function claims(claimName: string) {
  const data = { name: 'data', persistentVolumeClaim: expect.objectContaining({ claimName }) };
  return { volumes: expect.arrayContaining([data]) };
}

function extraVolume(volumeSource: object, needs: readonly string[]): Field {
  const volumes = expect.arrayContaining([expect.objectContaining({ name: 'u-more', ...volumeSource })]);
  const mounts = expect.arrayContaining([expect.objectContaining({ mountPath: '/mnt/more' })]);
  return {
    field: 'moverVolumes',
    value: [{ mountPath: 'more', volumeSource }],
    leadsTo: { pod: { volumes }, container: { volumeMounts: mounts }, needs },
  };
}

function authority(field: string, source: object, need: string): Field {
  const [[kind, named]] = Object.entries(source) as [[string, object]];
  const volume = { name: 'custom-ca', [kind]: { ...named, items: [{ key: 'ca.pem', path: 'ca.crt' }] } };
  return {
    field,
    value: 'authority',
    besides: { customCA: { key: 'ca.pem' } },
    leadsTo: { pod: { volumes: expect.arrayContaining([volume]) }, needs: [need] },
  };
}

function retained(rule: string, value: string | number): Field {
  return {
    field: `retain.${rule}`,
    value,
    leadsTo: { environment: { FORGET_OPTIONS: ` --keep-${rule} ${value}` } },
  };
}
