// When an annotation was written, as the API server recorded it in managedFields: whole seconds, and the
// time of its manager's last write, which may be a later one to another field.
import type { KubernetesObject } from '../api/kubernetes.ts';

/** Milliseconds since the epoch; undefined when no manager owns the annotation. */
export function annotationWrittenAt(object: KubernetesObject, key: string): number | undefined {
  const times = (object.metadata.managedFields ?? [])
    .filter(({ fieldsV1, time }) => time !== undefined && ownsAnnotation(fieldsV1, key))
    .map(({ time }) => Date.parse(time ?? ''));
  return times.length === 0 ? undefined : Math.max(...times);
}

function ownsAnnotation(fields: Readonly<Record<string, unknown>> | undefined, key: string): boolean {
  const metadata = fields?.['f:metadata'] as Record<string, unknown> | undefined;
  const annotations = metadata?.['f:annotations'] as Record<string, unknown> | undefined;
  return annotations?.[`f:${key}`] !== undefined;
}
