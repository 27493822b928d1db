// The mover's Job and the volume that it keeps, the same for all movers (reference VolSync §5.0.1).
import type { Job, PersistentVolumeClaim } from '../api/kubernetes.ts';
import type { Owner } from '../api/sync.ts';
import { cacheName, lastingLabels, runAnnotations, runLabels, shortenedName } from '../domain/names.ts';
import { ownedBy } from '../domain/ownership.ts';
import type { JobOrder } from './job-order.ts';
import type { CacheNeed, Mover } from './mover.ts';
import { podTemplate } from './pod-template.ts';

/** Annotations of a mover's Job: they outlive the worker that follows it. */
export const JOB_ANNOTATIONS = {
  attempt: 'stillpoint.dev/attempt',
  /** Present once the Job's failure is answered: the next attempt replaces it. Until then it stands for people to look at. */
  failed: 'stillpoint.dev/failed',
} as const;

/** The Job that runs the mover once: the workflow retries, so `backoffLimit` is 0. */
export function moverJob(order: JobOrder): Job {
  const { owner, run, mover } = order;
  const name = jobNameOf(mover, owner);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: owner.namespace,
      labels: runLabels(owner, run),
      annotations: { ...runAnnotations(run), [JOB_ANNOTATIONS.attempt]: String(order.attempt) },
      ownerReferences: [ownedBy(owner)],
    },
    spec: {
      backoffLimit: 0,
      parallelism: 1,
      activeDeadlineSeconds: order.deadlineSeconds,
      template: podTemplate(order, name),
    },
  };
}

export function jobNameOf({ jobPrefix }: Mover, { name }: Pick<Owner, 'name'>): string {
  return shortenedName(jobPrefix, name);
}

/** Which attempt this Job is, from 1. */
export function attemptOf({ metadata }: Job): number {
  return Number(metadata.annotations?.[JOB_ANNOTATIONS.attempt] ?? 1);
}

/** Whether the Job's failure was answered already. */
export function isAnswered({ metadata }: Job): boolean {
  return metadata.annotations?.[JOB_ANNOTATIONS.failed] !== undefined;
}

/** The cache that a mover keeps between syncs; it lives as long as its owner. */
export function cachePvc(owner: Owner, cache: CacheNeed, data: PersistentVolumeClaim): PersistentVolumeClaim {
  const { capacity, storageClassName, accessModes } = cache;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: cacheName(owner),
      namespace: owner.namespace,
      labels: lastingLabels(),
      ownerReferences: [ownedBy(owner)],
    },
    spec: {
      accessModes: accessModes ?? data.spec?.accessModes ?? ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: capacity } },
    },
  };
}
