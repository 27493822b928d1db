// The mover's Job and volumes, the same for all movers (reference VolSync §5.0.1).
import type { Job, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { SourceRef } from '../api/sync.ts';
import { cacheName, lastingLabels, moverJobName, runAnnotations, runLabels } from '../domain/names.ts';
import { ownedBy } from '../domain/ownership.ts';
import type { Mover, MoverInput } from './mover.ts';

/** The parts of a mover's section that shape its pod (VolSync's MoverConfig). */
export interface PodOptions {
  readonly moverSecurityContext?: unknown;
  readonly moverServiceAccount?: string | undefined;
  readonly moverPodLabels?: Readonly<Record<string, string>> | undefined;
  readonly moverResources?: unknown;
  readonly moverAffinity?: unknown;
}

export interface JobOrder<Options extends PodOptions> {
  readonly source: SourceRef;
  readonly run: string;
  readonly mover: Mover<Options>;
  readonly input: MoverInput<Options>;
  readonly image: string;
  readonly privileged: boolean;
  /** The PVC that holds the copy, and whether it can only be read. */
  readonly data: { readonly claimName: string; readonly readOnly: boolean };
  /** Which attempt at this copy the Job is, from 1. */
  readonly attempt: number;
  /** Kubernetes ends the Job after this time, should nobody of ours be there to do it. */
  readonly deadlineSeconds: number;
}

/** Annotations of a mover's Job: they outlive the worker that follows it. */
export const JOB_ANNOTATIONS = {
  attempt: 'stillpoint.dev/attempt',
  /** Present once the Job's failure is answered: the next attempt replaces it. Until then it stands for people to look at. */
  failed: 'stillpoint.dev/failed',
} as const;

/** The Job that runs the mover once: the workflow retries, so `backoffLimit` is 0. */
export function moverJob<Options extends PodOptions>(order: JobOrder<Options>): Job {
  const { source, run, mover } = order;
  const name = moverJobName(mover.jobPrefix, source.name);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: source.namespace,
      labels: runLabels(source, run),
      annotations: { ...runAnnotations(run), [JOB_ANNOTATIONS.attempt]: String(order.attempt) },
      ownerReferences: [ownedBy(source)],
    },
    spec: {
      backoffLimit: 0,
      parallelism: 1,
      activeDeadlineSeconds: order.deadlineSeconds,
      template: podTemplate(order, name),
    },
  };
}

/** Which attempt at its copy this Job is, from 1. */
export function attemptOf({ metadata }: Job): number {
  return Number(metadata.annotations?.[JOB_ANNOTATIONS.attempt] ?? 1);
}

/** Whether the Job's failure was answered already. */
export function isAnswered({ metadata }: Job): boolean {
  return metadata.annotations?.[JOB_ANNOTATIONS.failed] !== undefined;
}

function podTemplate<Options extends PodOptions>(order: JobOrder<Options>, name: string) {
  const { source, run, mover, input } = order;
  const { moverPodLabels, moverServiceAccount, moverSecurityContext, moverAffinity } = input.options;
  return {
    metadata: { name, labels: { ...runLabels(source, run), ...moverPodLabels } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false, // A mover needs no API access (VolSync MV-1).
      ...(moverServiceAccount !== undefined && { serviceAccountName: moverServiceAccount }),
      ...(moverSecurityContext !== undefined && { securityContext: moverSecurityContext }),
      ...(moverAffinity !== undefined && { affinity: moverAffinity }),
      containers: [container(order)],
      volumes: [
        { name: 'data', persistentVolumeClaim: order.data },
        ...(mover.cache
          ? [{ name: 'cache', persistentVolumeClaim: { claimName: cacheName(source.name) } }]
          : []),
        { name: 'tempdir', emptyDir: { medium: 'Memory', sizeLimit: '256Mi' } },
        ...mover.volumes(input).map(({ volume }) => volume),
      ],
    },
  };
}

function container<Options extends PodOptions>({ mover, input, image, privileged, data }: JobOrder<Options>) {
  return {
    name: mover.container,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: mover.command,
    args: mover.arguments(input),
    env: [...mover.environment(input), { name: 'PRIVILEGED_MOVER', value: privileged ? '1' : '0' }],
    ...(input.options.moverResources !== undefined && { resources: input.options.moverResources }),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], ...(privileged && { add: ['DAC_OVERRIDE', 'CHOWN', 'FOWNER'] }) },
      ...(privileged && { runAsUser: 0 }),
    },
    volumeMounts: [
      { name: 'data', mountPath: '/data', ...(data.readOnly && { readOnly: true }) },
      ...(mover.cache ? [{ name: 'cache', mountPath: '/cache' }] : []),
      { name: 'tempdir', mountPath: '/tmp' },
      ...mover
        .volumes(input)
        .map(({ volume, mountPath }) => ({ name: volume.name, mountPath, readOnly: true })),
    ],
  };
}

/** The cache that a mover keeps between syncs; it lives as long as the source. */
export function cachePvc<Options extends PodOptions>(
  source: SourceRef,
  cache: ReturnType<NonNullable<Mover<Options>['cache']>>,
  copied: PersistentVolumeClaim,
): PersistentVolumeClaim {
  const { capacity, storageClassName, accessModes } = cache;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: cacheName(source.name),
      namespace: source.namespace,
      labels: lastingLabels(),
      ownerReferences: [ownedBy(source)],
    },
    spec: {
      accessModes: accessModes ?? copied.spec?.accessModes ?? ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: capacity } },
    },
  };
}
