// What a write may demand of the object that it changes: spread into its metadata, or given to a deletion.
import type { KubernetesObject } from '../api/kubernetes.ts';

/** It is this object, and none that was created anew under its name. */
export function uidOf({ metadata: { uid } }: KubernetesObject): { readonly uid?: string } {
  return uid === undefined ? {} : { uid };
}

/** And nobody has written it since it was read. */
export function asRead(object: KubernetesObject): {
  readonly uid?: string;
  readonly resourceVersion?: string;
} {
  const { resourceVersion } = object.metadata;
  return resourceVersion === undefined ? uidOf(object) : { ...uidOf(object), resourceVersion };
}
