// How an object is referred to: by namespace and name, or by both in one word, as queues and maps want it.
import type { KubernetesObject, ObjectRef } from '../api/kubernetes.ts';

/** '' is the namespace of objects that have none. */
export function refOf({ metadata: { namespace = '', name } }: KubernetesObject): ObjectRef {
  return { namespace, name };
}

/** `namespace/name`. */
export function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

/** The object of a key that `keyOf` has made. */
export function refOfKey(key: string): ObjectRef {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
