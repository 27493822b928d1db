// The Job of every mover, on both sides: what is the same for all of them, and what the owner's section adds.
import { describe, expect, it } from 'vitest';
import type { MoverName, Owner, OwnerKind } from '../../api/sync.ts';
import { SECTIONS } from '../../domain/plan.ts';
import { moverOf } from '../../movers/index.ts';
import { jobNameOf, moverJob } from '../../movers/job.ts';
import type { JobOrder } from '../../movers/job-order.ts';

const MOVERS: readonly MoverName[] = ['restic', 'rclone', 'rsync-tls', 'rsync'];
const KINDS: readonly OwnerKind[] = ['ReplicationSource', 'ReplicationDestination'];
const EACH = MOVERS.flatMap((mover) => KINDS.map((kind) => ({ mover, kind })));

// What each section must hold; the rest comes from the case.
const LEAST: Readonly<Record<MoverName, object>> = {
  restic: { repository: 'orders-backup' },
  rclone: { rcloneConfig: 'rclone-secret', rcloneConfigSection: 'store', rcloneDestPath: 'bucket/orders' },
  'rsync-tls': { address: '10.0.0.1', keySecret: 'psk' },
  rsync: { address: '10.0.0.1', sshKeys: 'keys' },
};

interface Case {
  readonly mover: MoverName;
  readonly kind: OwnerKind;
  readonly options?: object;
  readonly keys?: readonly string[];
  readonly place?: Partial<JobOrder['place']>;
  readonly name?: string;
}

interface JobSpec {
  readonly backoffLimit: number;
  readonly template: {
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
    readonly spec: Readonly<Record<string, unknown>> & {
      readonly containers: readonly Container[];
      readonly volumes: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
    };
  };
}

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

function describedJob({
  mover: moverName,
  kind,
  options = {},
  keys = [],
  place = {},
  name = 'orders',
}: Case) {
  const owner: Owner = { kind, namespace: 'shop', name, uid: 'uid-1' };
  const mover = moverOf(moverName, kind, { [SECTIONS[moverName]]: { ...LEAST[moverName], ...options } });
  const job = moverJob({
    owner,
    run: 'run-1',
    mover,
    input: {
      secret: { name: mover.secret.kind === 'given' ? mover.secret.name : 'own', keys },
      status: {},
      creationTime: '2026-07-02T10:00:00Z',
      now: Date.parse('2026-07-02T11:00:00Z'),
    },
    image: 'registry.local/mover:1',
    place: { privileged: false, restricted: false, proxies: {}, debug: false, ...place },
    data: { claimName: 'copy', readOnly: false },
    attempt: 1,
    deadlineSeconds: 60,
  });
  const spec = job.spec as unknown as JobSpec;
  const [container] = spec.template.spec.containers;
  if (container === undefined) throw new Error('a Job without a container');
  return { owner, mover, job, spec, pod: spec.template.spec, container };
}

describe.each(EACH)('the Job of $mover for a $kind', ({ mover, kind }) => {
  const side = kind === 'ReplicationSource' ? 'src' : 'dst';
  const prefix = mover === 'restic' ? `volsync-${side}-` : `volsync-${mover}-${side}-`;

  it('has VolSync’s name, shortened by its rule, and goes with its owner', () => {
    const { job } = describedJob({ mover, kind });
    expect(job.metadata.name).toBe(`${prefix}orders`);
    expect(job.metadata.ownerReferences).toMatchObject([
      { kind, name: 'orders', uid: 'uid-1', controller: true },
    ]);
    expect(job.metadata.labels).toMatchObject({ 'volsync.backube/cleanup': 'uid-1' });
    const { owner, mover: bound } = describedJob({ mover, kind, name: 'x'.repeat(80) });
    expect(jobNameOf(bound, owner)).toMatch(new RegExp(`^${prefix}[0-9a-f]{8}$`));
  });

  it('runs once, without rights, on a read-only root and with a bounded /tmp', () => {
    const { spec, pod, container } = describedJob({ mover, kind });
    expect(spec.backoffLimit).toBe(0);
    expect(pod['automountServiceAccountToken']).toBe(false);
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.volumes.find(({ name }) => name === 'tempdir')).toMatchObject({
      emptyDir: { medium: 'Memory', sizeLimit: expect.stringMatching(/Mi$/) },
    });
  });

  it('takes what the owner wants of its pod', () => {
    const { pod, spec, container } = describedJob({
      mover,
      kind,
      options: {
        moverServiceAccount: 'carrier',
        moverPodLabels: { team: 'shop', 'app.kubernetes.io/created-by': 'shop' },
        moverResources: { limits: { memory: '1Gi' } },
      },
    });
    expect(pod['serviceAccountName']).toBe('carrier');
    expect(spec.template.metadata.labels).toMatchObject({
      team: 'shop',
      'app.kubernetes.io/created-by': 'shop',
    });
    expect(container).toMatchObject({ resources: { limits: { memory: '1Gi' } } });
  });

  it('holds keys of Secrets by reference alone', () => {
    const { container } = describedJob({
      mover,
      kind,
      keys: ['RESTIC_PASSWORD', 'AWS_ACCESS_KEY_ID', 'RCLONE_A'],
    });
    const secret = container.env.filter(({ name }) => /PASSWORD|AWS|RCLONE_A/.test(name));
    for (const { value, valueFrom } of secret) {
      expect(value).toBeUndefined();
      expect(valueFrom).toHaveProperty('secretKeyRef');
    }
  });

  it('has VolSync’s capabilities as root, and on destinations FSETID, which keeps setgid bits', () => {
    const { container } = describedJob({ mover, kind, place: { privileged: true } });
    const { add } = container.securityContext['capabilities'] as { readonly add: readonly string[] };
    expect(add).toEqual(expect.arrayContaining(['CHOWN', 'DAC_OVERRIDE', 'FOWNER']));
    expect(add.includes('FSETID')).toBe(kind === 'ReplicationDestination');
  });

  it('is told when its owner wants to look inside', () => {
    const debug = ({ env }: Container) => env.find(({ name }) => name === 'DEBUG_MOVER')?.value;
    expect(debug(describedJob({ mover, kind }).container)).toBeUndefined();
    expect(debug(describedJob({ mover, kind, place: { debug: true } }).container)).toBe('1');
  });

  it('runs where the volume is in use, and nowhere else', () => {
    const { pod } = describedJob({
      mover,
      kind,
      place: { placement: { node: 'n1', tolerations: [{ key: 'db' }] } },
    });
    expect(pod['affinity']).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
        },
      },
    });
    expect(pod['tolerations']).toEqual([{ key: 'db' }]);
  });

  it('mounts each volume where its script looks, each name once, and what it copies to be read alone', () => {
    const { pod, container } = describedJob({ mover, kind });
    const names = pod.volumes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(container.volumeMounts.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    const data = {
      name: 'data',
      mountPath: '/data',
      ...(kind === 'ReplicationSource' && { readOnly: true }),
    };
    expect(container.volumeMounts).toContainEqual(data);
    expect(pod.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'copy', readOnly: false },
    });
  });
});

const CONFIGURABLE = EACH.filter(({ mover }) => mover !== 'rsync');

describe.each(CONFIGURABLE)('the pod of $mover for a $kind', ({ mover, kind }) => {
  it('is nobody in particular where the namespace is restricted, or whom the owner names', () => {
    const own = { runAsUser: 1234, fsGroup: 5678 };
    const plain = describedJob({ mover, kind, place: { restricted: true } }).pod;
    expect(plain['securityContext']).toEqual({ runAsUser: 65534, runAsGroup: 65534, runAsNonRoot: true });
    const named = describedJob({
      mover,
      kind,
      place: { restricted: true },
      options: { moverSecurityContext: own },
    });
    expect(named.pod['securityContext']).toMatchObject({ ...own, runAsNonRoot: true });
    expect(describedJob({ mover, kind }).pod).not.toHaveProperty('securityContext');
  });

  it('is root with few capabilities in a namespace of privileged movers', () => {
    const { container } = describedJob({ mover, kind, place: { privileged: true } });
    expect(container.securityContext).toMatchObject({
      runAsUser: 0,
      capabilities: { drop: ['ALL'], add: expect.arrayContaining(['DAC_OVERRIDE', 'CHOWN', 'FOWNER']) },
    });
    expect(container.env).toContainEqual({ name: 'PRIVILEGED_MOVER', value: '1' });
  });

  it('mounts further volumes below /mnt, a PVC to be written to and a Secret to be read', () => {
    const { pod, container } = describedJob({
      mover,
      kind,
      options: {
        moverVolumes: [
          { mountPath: 'repo', volumeSource: { persistentVolumeClaim: { claimName: 'repository' } } },
          { mountPath: 'Some/Key', volumeSource: { secret: { secretName: 'key' } } },
        ],
      },
    });
    expect(pod.volumes).toContainEqual({
      name: 'u-repo',
      persistentVolumeClaim: { claimName: 'repository' },
    });
    expect(container.volumeMounts).toContainEqual({ name: 'u-repo', mountPath: '/mnt/repo' });
    const key = container.volumeMounts.find(({ mountPath }) => mountPath === '/mnt/Some/Key');
    expect(key).toMatchObject({ name: expect.stringMatching(/^u-[0-9a-f]{8}$/), readOnly: true });
  });

  it('keeps the owner’s affinity beside the node', () => {
    const term = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] };
    const moverAffinity = {
      podAffinity: { some: 'thing' },
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term, term] } },
    };
    const placement = { node: 'n1', tolerations: [] };
    const { pod } = describedJob({ mover, kind, options: { moverAffinity }, place: { placement } });
    const here = { ...term, matchFields: [expect.objectContaining({ values: ['n1'] })] };
    expect(pod['affinity']).toMatchObject({
      podAffinity: { some: 'thing' },
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [here, here] } },
    });
  });
});

describe.each(EACH.filter(({ mover }) => mover === 'restic' || mover === 'rclone'))(
  'the pod of $mover for a $kind, which speaks http,',
  ({ mover, kind }) => {
    it('finds its authority in a Secret or a ConfigMap, if a key is named', () => {
      const ca = (customCA: object) => describedJob({ mover, kind, options: { customCA } });
      const items = [{ key: 'ca.pem', path: 'ca.crt' }];
      const bySecret = ca({ secretName: 'authority', configMapName: 'other', key: 'ca.pem' });
      expect(bySecret.pod.volumes).toContainEqual({
        name: 'custom-ca',
        secret: { secretName: 'authority', items },
      });
      expect(bySecret.container.env).toContainEqual({ name: 'CUSTOM_CA', value: '/customCA/ca.crt' });
      const byMap = ca({ configMapName: 'authority', key: 'ca.pem' });
      expect(byMap.pod.volumes).toContainEqual({
        name: 'custom-ca',
        configMap: { name: 'authority', items },
      });
      expect(ca({ secretName: 'authority' }).pod.volumes.map(({ name }) => name)).not.toContain('custom-ca');
    });

    it('goes by the worker’s proxies', () => {
      const proxies = { HTTPS_PROXY: 'http://proxy:3128', https_proxy: 'http://proxy:3128' };
      const { container } = describedJob({ mover, kind, place: { proxies } });
      for (const [name, value] of Object.entries(proxies))
        expect(container.env).toContainEqual({ name, value });
    });
  },
);
