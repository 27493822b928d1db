// Where a mover of `copyMethod: Direct` must run: on the node on which the volume is in use, which it can be attached
// to nowhere else (reference VolSync §5.0.7).
import type { PersistentVolumeClaim, Pod } from '../api/kubernetes.ts';
import { LABELS } from '../domain/names.ts';

export interface Placement {
  readonly node: string;
  /** Of the pod that uses the volume: where it may run, the mover may. */
  readonly tolerations: readonly unknown[];
}

/** Undefined when the volume can be mounted anywhere. `pods` are those of its namespace. */
export function placementOf(pvc: PersistentVolumeClaim, pods: readonly Pod[]): Placement | undefined {
  if (pvc.status?.accessModes?.includes('ReadWriteMany')) return undefined;
  const users = pods.filter((pod) => uses(pod, pvc.metadata.name) && !isMover(pod) && onSomeNode(pod));
  const inPhase = (phase: string) => users.find(({ status }) => status?.phase === phase);
  const user = inPhase('Running') ?? inPhase('Pending');
  if (user?.spec?.nodeName === undefined) return undefined;
  return { node: user.spec.nodeName, tolerations: user.spec.tolerations ?? [] };
}

function uses({ spec }: Pod, claimName: string): boolean {
  return spec?.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === claimName) ?? false;
}

function isMover({ metadata }: Pod): boolean {
  return metadata.labels?.[LABELS.createdBy] === 'volsync';
}

// A pending pod without a node says nothing yet (VolSync MV-6 fails on it).
function onSomeNode({ spec }: Pod): boolean {
  return (spec?.nodeName ?? '') !== '';
}

type Affinity = Readonly<Record<string, unknown>>;
interface NodeTerms {
  readonly nodeSelectorTerms?: readonly { readonly matchFields?: readonly unknown[] }[];
}

/** The owner's affinity, and this node besides: by the node's name, so that no node need be read. */
export function onNode(affinity: Affinity | undefined, node: string | undefined): Affinity | undefined {
  if (node === undefined) return affinity;
  const here = { key: 'metadata.name', operator: 'In', values: [node] };
  const nodeAffinity = (affinity?.['nodeAffinity'] ?? {}) as Affinity;
  const required = (nodeAffinity['requiredDuringSchedulingIgnoredDuringExecution'] ?? {}) as NodeTerms;
  const terms = required.nodeSelectorTerms ?? [];
  const nodeSelectorTerms = (terms.length > 0 ? terms : [{}]).map((term) => ({
    ...term,
    matchFields: [...(term.matchFields ?? []), here],
  }));
  return {
    ...affinity,
    nodeAffinity: {
      ...nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    },
  };
}
