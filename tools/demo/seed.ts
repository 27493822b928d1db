// The objects of examples/seed as the demo applies them: the pvc and the source word for word, the Secret with
// this run's repository, and what a cluster of one's own needs changed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../api/kubernetes.ts';

export const NAMESPACE = 'test-ns';
export const PVC = { namespace: NAMESPACE, name: 'data-pvc' } as const;
export const SOURCE = { namespace: NAMESPACE, name: 'test-rs' } as const;
export const SECRET = 'restic-secret';
export const APPLICATION = 'deploy/records';
export const RESTORE_POD = 'restore-proof';

/** Marks the namespace as made by the demo: no other one is ever removed. */
export const DEMO_LABEL = 'stillpoint.dev/demo';

export interface SeedChoices {
  /** Where the copies go: environment of restic, made the contents of the Secret. */
  readonly repository: Readonly<Record<string, string>>;
  /** For clusters that cannot have the local stack's busybox. */
  readonly applicationImage?: string;
  /** The cluster's default when absent. */
  readonly storageClass?: string;
}

type Part = 'namespace' | 'secret' | 'pvc' | 'application' | 'source';

const folder = join(import.meta.dirname, '../../examples/seed');

/** The objects in the named files of examples/seed, adapted. */
export function seedObjects(parts: readonly Part[], choices: SeedChoices): readonly KubernetesObject[] {
  return parts
    .flatMap((part) => parseAllDocuments(readFileSync(join(folder, `${part}.yaml`), 'utf8')))
    .map((document) => adapted(document.toJS() as SeedObject, choices));
}

interface SeedObject extends KubernetesObject {
  readonly kind: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

function adapted(
  object: SeedObject,
  { repository, applicationImage, storageClass }: SeedChoices,
): KubernetesObject {
  const { kind, metadata, spec } = object;
  switch (kind) {
    case 'Namespace':
      return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [DEMO_LABEL]: 'true' } } };
    case 'Secret':
      return { ...object, stringData: repository } as KubernetesObject;
    case 'PersistentVolumeClaim':
      return storageClass === undefined
        ? object
        : withSpec(object, { ...spec, storageClassName: storageClass });
    case 'Deployment':
      return applicationImage === undefined ? object : withSpec(object, withImage(spec, applicationImage));
    default:
      return object;
  }
}

function withSpec(object: SeedObject, spec: unknown): KubernetesObject {
  return { ...object, spec } as KubernetesObject;
}

interface DeploymentSpec {
  readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
}

function withImage(spec: unknown, image: string): DeploymentSpec {
  const { template, ...rest } = spec as DeploymentSpec;
  const containers = template.spec.containers.map((container) => ({ ...container, image }));
  return { ...rest, template: { ...template, spec: { ...template.spec, containers } } };
}
