// What VolSync's CRD does with ReplicationSources, as observed on a real API server. The zod schema and our CRD
// are held against the same tables.

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

export const SEED_SPEC = {
  sourcePVC: 'data-pvc',
  trigger: { schedule: '*/30 * * * *' },
  restic: {
    pruneIntervalDays: 1,
    repository: 'restic-secret',
    retain: { hourly: 3, daily: 2, monthly: 1 },
    copyMethod: 'Snapshot',
    cacheCapacity: '1Gi',
  },
};

const MOVER_OPTIONS = {
  moverSecurityContext: { runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  moverServiceAccount: 'backup',
  moverPodLabels: { team: 'orders' },
  moverResources: { requests: { cpu: '100m', memory: 67108864 }, limits: { memory: '1Gi' } },
  moverAffinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
      },
    },
  },
  moverVolumes: [
    { mountPath: 'share', volumeSource: { nfs: { server: 'files', path: '/backup' } } },
    {
      mountPath: 'token',
      volumeSource: { secret: { secretName: 'token', items: [{ key: 'a', path: 'a' }], defaultMode: 256 } },
    },
    { mountPath: 'more', volumeSource: { persistentVolumeClaim: { claimName: 'more', readOnly: true } } },
  ],
};

const VOLUME_OPTIONS = {
  copyMethod: 'Clone',
  capacity: '20Gi',
  storageClassName: 'fast',
  accessModes: ['ReadWriteOnce'],
  volumeSnapshotClassName: 'snapshots',
};

export const ACCEPTED: readonly Accepted[] = [
  { title: 'the seed', spec: SEED_SPEC },
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
        pruneIntervalDays: 14,
        retain: { hourly: 1, daily: 2, weekly: 3, monthly: 4, yearly: 5, within: '1y2m', last: '7' },
        cacheCapacity: 1073741824,
        cacheStorageClassName: 'slow',
        cacheAccessModes: ['ReadWriteOnce'],
        customCA: { secretName: 'ca', configMapName: 'ca', key: 'ca.crt' },
        unlock: 'once',
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
      rsyncTLS: { ...VOLUME_OPTIONS, ...MOVER_OPTIONS, keySecret: 'psk', address: 'host', port: 8000 },
    },
  },
  {
    title: 'every field of rsync',
    spec: {
      rsync: {
        ...VOLUME_OPTIONS,
        moverServiceAccount: 'backup',
        moverPodLabels: { team: 'orders' },
        moverResources: { limits: { cpu: 1 } },
        sshKeys: 'keys',
        serviceType: 'LoadBalancer',
        address: 'host',
        port: 22,
        path: '/data',
        sshUser: 'root',
      },
    },
  },
  {
    title: 'every field of syncthing',
    spec: {
      syncthing: {
        ...MOVER_OPTIONS,
        peers: [{ address: 'tcp://host:22000', ID: 'AAAA', introducer: false }],
        serviceType: 'ClusterIP',
        configCapacity: '2Gi',
        configStorageClassName: 'fast',
        configAccessModes: ['ReadWriteOnce'],
      },
    },
  },
  { title: 'external', spec: { external: { provider: 'example.com/mover', parameters: { size: 'big' } } } },
  { title: 'two movers at once', spec: { restic: { repository: 'a' }, rclone: { rcloneConfig: 'b' } } },
  { title: 'a manual trigger beside a schedule', spec: { trigger: { manual: 'now', schedule: '@daily' } } },
  { title: 'an empty manual trigger', spec: { trigger: { manual: '' } } },
  ...['Direct', 'None', 'Clone', 'Snapshot'].map((copyMethod) => ({
    title: `copyMethod ${copyMethod}`,
    spec: { restic: { copyMethod } },
  })),
  ...[5, 9007199254740991, '5', '1.5Gi', '.5Gi', '1e3', '100m', '-1Gi', '+2M'].map((capacity) => ({
    title: `capacity ${JSON.stringify(capacity)}`,
    spec: { restic: { capacity } },
  })),
  { title: 'port 0', spec: { rsyncTLS: { port: 0 } } },
  { title: 'port 65535', spec: { rsync: { port: 65535 } } },
  { title: 'a negative prune interval', spec: { restic: { pruneIntervalDays: -1 } } },
  { title: 'an access mode that does not exist', spec: { restic: { accessModes: ['Sometimes'] } } },
  { title: 'no access modes for the cache', spec: { restic: { cacheAccessModes: [] } } },
  { title: 'a last that is no number', spec: { restic: { retain: { last: 'some' } } } },
  {
    title: 'a moverVolume with two sources',
    spec: {
      restic: {
        moverVolumes: [
          { mountPath: '', volumeSource: { secret: {}, nfs: { server: 'files', path: '/' } } },
          { mountPath: 'none', volumeSource: {} },
        ],
      },
    },
  },
  {
    title: 'unknown fields, which are pruned',
    spec: { sourcePVC: 'pvc', unknown: 1, restic: { repository: 'secret', colour: 'red' } },
    stored: { sourcePVC: 'pvc', restic: { repository: 'secret' } },
  },
  {
    title: 'options of the pod that rsync does not take, which are pruned',
    spec: { rsync: { moverSecurityContext: {}, moverVolumes: [], address: 'host' } },
    stored: { rsync: { address: 'host' } },
  },
];

export const REFUSED: readonly Refused[] = [
  { title: 'a spec that is a list', spec: [] },
  { title: 'a spec that is text', spec: 'text' },
  { title: 'a name that is a number', spec: { sourcePVC: 1 } },
  { title: 'paused as text', spec: { paused: 'true' } },
  { title: 'a mover that is a list', spec: { restic: [] } },
  ...['snapshot', ''].map((copyMethod) => ({
    title: `copyMethod "${copyMethod}"`,
    spec: { restic: { copyMethod } },
  })),
  ...['', 'big', '1 Gi', '1GiB', 1.5, true].map((capacity) => ({
    title: `capacity ${JSON.stringify(capacity)}`,
    spec: { restic: { capacity } },
  })),
  { title: 'port 65536', spec: { rsyncTLS: { port: 65536 } } },
  { title: 'port -1', spec: { rsync: { port: -1 } } },
  { title: 'a port as text', spec: { rsyncTLS: { port: '22' } } },
  { title: 'half a prune interval', spec: { restic: { pruneIntervalDays: 0.5 } } },
  { title: 'a prune interval beyond 32 bits', spec: { restic: { pruneIntervalDays: 3000000000 } } },
  { title: 'a last that is a number', spec: { restic: { retain: { last: 3 } } } },
  { title: 'a list of no access modes', spec: { restic: { accessModes: [] } } },
  { title: 'an access mode that is null', spec: { restic: { accessModes: [null] } } },
  { title: 'a label that is a number', spec: { restic: { moverPodLabels: { team: 1 } } } },
  { title: 'an affinity that is a list', spec: { restic: { moverAffinity: [] } } },
  { title: 'a moverVolume without mountPath', spec: { restic: { moverVolumes: [{ volumeSource: {} }] } } },
  { title: 'a moverVolume without volumeSource', spec: { rclone: { moverVolumes: [{ mountPath: 'a' }] } } },
  { title: 'a peer without introducer', spec: { syncthing: { peers: [{ address: 'a', ID: 'b' }] } } },
  { title: 'a parameter that is a number', spec: { external: { parameters: { size: 1 } } } },
];

/** Only the API server can tell: it removes nulls first, and it knows Kubernetes' own types. */
export const LEFT_TO_THE_API_SERVER = {
  accepted: [
    { title: 'a spec that is null', spec: null, stored: undefined },
    { title: 'a field that is null', spec: { sourcePVC: null }, stored: {} },
    { title: 'a capacity of more bytes than JavaScript can count', spec: { restic: { capacity: 2 ** 60 } } },
    {
      title: 'unknown fields of a Kubernetes type',
      spec: { restic: { moverResources: { colour: 'red' } } },
      stored: { restic: { moverResources: {} } },
    },
  ],
  refused: [
    { title: 'a user id as text', spec: { restic: { moverSecurityContext: { runAsUser: '1000' } } } },
    {
      title: 'a limit that is no quantity',
      spec: { restic: { moverResources: { limits: { cpu: 'two' } } } },
    },
    {
      title: 'one resource claim twice',
      spec: { restic: { moverResources: { claims: [{ name: 'a' }, { name: 'a' }] } } },
    },
    {
      title: 'an NFS volume without server',
      spec: { restic: { moverVolumes: [{ mountPath: 'a', volumeSource: { nfs: { path: '/' } } }] } },
    },
    {
      title: 'a PVC volume without claimName',
      spec: { restic: { moverVolumes: [{ mountPath: 'a', volumeSource: { persistentVolumeClaim: {} } }] } },
    },
    {
      title: 'a node affinity without terms',
      spec: {
        restic: { moverAffinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } },
      },
    },
  ],
};

/** `spec.trigger.schedule`: the pattern is anchored at one end only, and the field relies on what slips through. */
export const SCHEDULES = {
  accepted: [
    '@annually',
    '@yearly',
    '@monthly',
    '@weekly',
    '@daily',
    '@hourly',
    '@hourlyfoo',
    '*/5 * * * *',
    '0 9,17 * * *',
    '0 0 * * 1-5',
    '5/15 * * * *',
    '0 0 * * * ',
    '0-30/5 * * * *',
    '1-5,7 * * * *',
    'CRON_TZ=Europe/Berlin 0 0 * * *',
    'TZ=UTC */5 * * * *',
    '0 0 * * 7',
    '61 99 * * *',
    '12345',
    'MON 0 0 * * *',
    '0 0 31 2 *',
  ],
  refused: [
    '',
    '@midnight',
    '@every 1h',
    '0 0-6/2 * * *',
    '0 1-5,7 * * *',
    '0 0 * * 1,3-5',
    '0 0 * * MON',
    '0 0 * JAN *',
    '0 0 ? * *',
    '0  0  *  *  *',
    '* * * *',
  ],
};
