// What VolSync's CRD does with ReplicationDestinations, every field of it. The zod schema and our CRD are held against
// the same tables.

const MOVER_OPTIONS = {
  moverSecurityContext: { runAsUser: 1000, fsGroup: 1000 },
  moverServiceAccount: 'restore',
  moverPodLabels: { team: 'orders' },
  moverResources: { requests: { cpu: '100m', memory: 67108864 } },
  moverAffinity: { podAffinity: {} },
  moverVolumes: [
    { mountPath: 'share', volumeSource: { nfs: { server: 'files', path: '/backup' } } },
    { mountPath: 'token', volumeSource: { secret: { secretName: 'token' } } },
    { mountPath: 'more', volumeSource: { persistentVolumeClaim: { claimName: 'more' } } },
  ],
};

const VOLUME_OPTIONS = {
  copyMethod: 'Snapshot',
  capacity: '20Gi',
  storageClassName: 'fast',
  accessModes: ['ReadWriteOnce'],
  volumeSnapshotClassName: 'snapshots',
  destinationPVC: 'data',
  cleanupTempPVC: true,
};

interface Row {
  readonly title: string;
}

/** Accepted as it stands, or as `stored` when the API server leaves something out. */
interface Accepted extends Row {
  readonly spec: object;
  readonly stored?: object;
}

interface Refused extends Row {
  readonly spec: unknown;
}

export const ACCEPTED: readonly Accepted[] = [
  { title: 'an empty spec', spec: {} },
  { title: 'empty sections', spec: { trigger: {}, restic: {}, rclone: {}, rsync: {}, rsyncTLS: {} } },
  {
    title: 'every field of restic',
    spec: {
      paused: true,
      restic: {
        ...VOLUME_OPTIONS,
        ...MOVER_OPTIONS,
        repository: 'secret',
        customCA: { secretName: 'ca', configMapName: 'ca', key: 'ca.crt' },
        cacheCapacity: 1073741824,
        cacheStorageClassName: 'slow',
        cacheAccessModes: ['ReadWriteOnce'],
        cleanupCachePVC: true,
        previous: 1,
        restoreAsOf: '2026-07-02T10:00:00+02:00',
        enableFileDeletion: true,
      },
    },
  },
  {
    title: 'every field of rclone',
    spec: {
      rclone: {
        ...VOLUME_OPTIONS,
        ...MOVER_OPTIONS,
        rcloneConfigSection: 's3',
        rcloneDestPath: 'bucket/orders',
        rcloneConfig: 'rclone-secret',
        customCA: { configMapName: 'ca', key: 'ca.crt' },
      },
    },
  },
  {
    title: 'every field of rsyncTLS',
    spec: {
      rsyncTLS: {
        ...VOLUME_OPTIONS,
        ...MOVER_OPTIONS,
        volumeMode: 'Filesystem',
        keySecret: 'psk',
        serviceType: 'LoadBalancer',
        serviceAnnotations: { 'example.com/class': 'internal' },
      },
    },
  },
  {
    title: 'every field of rsync',
    spec: {
      rsync: {
        ...VOLUME_OPTIONS,
        volumeMode: 'Block',
        moverServiceAccount: 'restore',
        moverPodLabels: { team: 'orders' },
        moverResources: { limits: { cpu: 1 } },
        sshKeys: 'keys',
        serviceType: 'ClusterIP',
        serviceAnnotations: {},
        address: 'host',
        port: 22,
        path: '/data',
        sshUser: 'root',
      },
    },
  },
  { title: 'external', spec: { external: { provider: 'example.com/mover', parameters: { size: 'big' } } } },
  { title: 'two movers at once', spec: { restic: { repository: 'a' }, rclone: { rcloneConfig: 'b' } } },
  {
    title: 'both triggers',
    spec: { trigger: { manual: 'once', schedule: '*/5 * * * *' }, rsyncTLS: VOLUME_OPTIONS },
  },
  ...['Direct', 'None', 'Clone', 'Snapshot'].map((copyMethod) => ({
    title: `copyMethod ${copyMethod}`,
    spec: { rclone: { copyMethod } },
  })),
  { title: 'a negative previous', spec: { restic: { previous: -1 } } },
  { title: 'an empty destinationPVC', spec: { restic: { destinationPVC: '' } } },
  { title: 'a volume mode that does not exist', spec: { rsyncTLS: { volumeMode: 'Tape' } } },
  { title: 'a Service that does not exist', spec: { rsync: { serviceType: 'Carrier pigeon' } } },
  { title: 'no access modes for the cache', spec: { restic: { cacheAccessModes: [] } } },
  {
    title: 'fields of a source, which are pruned',
    spec: { sourcePVC: 'pvc', syncthing: {}, restic: { repository: 'secret', unlock: 'now', retain: {} } },
    stored: { restic: { repository: 'secret' } },
  },
  {
    title: 'options of the pod that rsync does not take, which are pruned',
    spec: { rsync: { moverSecurityContext: {}, moverVolumes: [], address: 'host' } },
    stored: { rsync: { address: 'host' } },
  },
];

export const REFUSED: readonly Refused[] = [
  { title: 'a spec that is a list', spec: [] },
  { title: 'a mover that is a list', spec: { restic: [] } },
  { title: 'a schedule that VolSync’s pattern refuses', spec: { trigger: { schedule: '@midnight' } } },
  { title: 'copyMethod in small letters', spec: { rsyncTLS: { copyMethod: 'snapshot' } } },
  { title: 'a capacity that is no quantity', spec: { rclone: { capacity: 'big' } } },
  { title: 'a list of no access modes', spec: { restic: { accessModes: [] } } },
  { title: 'a destinationPVC that is a number', spec: { restic: { destinationPVC: 1 } } },
  { title: 'cleanupTempPVC as text', spec: { restic: { cleanupTempPVC: 'true' } } },
  { title: 'cleanupCachePVC as text', spec: { restic: { cleanupCachePVC: 'true' } } },
  { title: 'enableFileDeletion as a number', spec: { restic: { enableFileDeletion: 1 } } },
  { title: 'half a previous', spec: { restic: { previous: 0.5 } } },
  { title: 'a previous beyond 32 bits', spec: { restic: { previous: 3000000000 } } },
  { title: 'a restoreAsOf that is a number', spec: { restic: { restoreAsOf: 1980 } } },
  { title: 'port 65536', spec: { rsync: { port: 65536 } } },
  { title: 'a port as text', spec: { rsync: { port: '22' } } },
  { title: 'an annotation that is a number', spec: { rsyncTLS: { serviceAnnotations: { a: 1 } } } },
  { title: 'a parameter that is a number', spec: { external: { parameters: { size: 1 } } } },
];

/** Only the API server can tell: it removes nulls first, and it checks formats. */
export const LEFT_TO_THE_API_SERVER = {
  accepted: [
    { title: 'a spec that is null', spec: null, stored: undefined },
    { title: 'a field that is null', spec: { restic: { previous: null } }, stored: { restic: {} } },
  ],
  refused: [
    { title: 'a restoreAsOf that is no time', spec: { restic: { restoreAsOf: 'yesterday' } } },
    { title: 'a restoreAsOf without a zone', spec: { restic: { restoreAsOf: '2026-07-02T10:00:00' } } },
  ],
};

const WAITING = {
  type: 'Synchronizing',
  status: 'False',
  reason: 'WaitingForManual',
  message: 'Waiting for manual trigger',
  lastTransitionTime: '2026-07-02T10:14:07Z',
};

/** Accepted and stored as it stands. */
export const ACCEPTED_STATUSES = [
  { title: 'an empty status', status: {} },
  {
    title: 'a restore that has succeeded',
    status: {
      conditions: [WAITING],
      lastSyncStartTime: '2026-07-02T10:00:00Z',
      lastSyncTime: '2026-07-02T10:14:07Z',
      lastSyncDuration: '14m7.312345678s',
      nextSyncTime: '2026-07-02T10:30:00Z',
      lastManualSync: 'once',
      latestMoverStatus: { result: 'Successful', logs: 'Restic completed in 9s' },
      latestImage: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'image' },
    },
  },
  {
    title: 'an image that is a PVC',
    status: { latestImage: { apiGroup: '', kind: 'PersistentVolumeClaim', name: 'data' } },
  },
  {
    title: 'what the source needs to know',
    status: {
      rsyncTLS: { address: '10.0.0.1', keySecret: 'psk', port: 8000 },
      rsync: { address: 'host', sshKeys: 'keys', port: 22 },
      external: { state: 'fine' },
    },
  },
];

export const REFUSED_STATUSES = [
  { title: 'a time that is none', status: { lastSyncTime: 'yesterday' } },
  { title: 'an image without a name', status: { latestImage: { kind: 'VolumeSnapshot' } } },
  { title: 'an image without a kind', status: { latestImage: { name: 'image' } } },
  { title: 'an address that is a number', status: { rsyncTLS: { address: 1 } } },
  { title: 'a condition without message', status: { conditions: [{ ...WAITING, message: undefined }] } },
];
