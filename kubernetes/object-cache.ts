import type { KubernetesObject, ObjectRef } from '../api/kubernetes.ts';
import { refOf } from './object-ref.ts';

/** Objects by namespace and name; '' is the namespace of objects that have none. */
export interface ObjectCache<T extends KubernetesObject> {
  get(ref: ObjectRef): T | undefined;
  list(namespace?: string): readonly T[];
  set(object: T): void;
  delete(ref: ObjectRef): void;
}

// Nested maps: listing one namespace does not walk through all the others.
export function createObjectCache<T extends KubernetesObject>(): ObjectCache<T> {
  const namespaces = new Map<string, Map<string, T>>();
  return {
    get: ({ namespace, name }) => namespaces.get(namespace)?.get(name),
    list(namespace) {
      if (namespace !== undefined) return [...(namespaces.get(namespace)?.values() ?? [])];
      return [...namespaces.values()].flatMap((objects) => [...objects.values()]);
    },
    set(object) {
      const { namespace, name } = refOf(object);
      const objects = namespaces.get(namespace) ?? new Map<string, T>();
      objects.set(name, object);
      namespaces.set(namespace, objects);
    },
    delete({ namespace, name }) {
      const objects = namespaces.get(namespace);
      objects?.delete(name);
      if (objects?.size === 0) namespaces.delete(namespace);
    },
  };
}
