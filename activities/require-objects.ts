// Checks what a mover's section names: each object by one read, and one sentence for the first that is missing.
import type { KubernetesObject } from '../api/kubernetes.ts';
import { failures } from '../domain/failures.ts';
import type { Cluster, Resource } from '../kubernetes/cluster.ts';
import type { Need } from '../movers/needs.ts';
import { refusal } from './context.ts';

/** Throws what the owner reads. */
export async function requireObjects(
  cluster: Cluster,
  namespace: string,
  needs: readonly Need[],
): Promise<void> {
  await Promise.all(needs.map((need) => requireObject(cluster, namespace, need)));
}

async function requireObject(cluster: Cluster, namespace: string, need: Need): Promise<void> {
  const { kind, name, keys, field } = need;
  const object = `${kind} ${namespace}/${name}`;
  switch (kind) {
    case 'Secret':
      await requireSecret(cluster, { namespace, name, keys });
      return;
    case 'ConfigMap': {
      const found = await cluster.configMaps.get({ namespace, name });
      if (found === undefined) throw refusal(failures.objectMissing(object, field));
      const held = { ...found.data, ...found.binaryData };
      const missing = keys.find((key) => held[key] === undefined);
      if (missing !== undefined) throw refusal(failures.objectMissing(`Key ${missing} of ${object}`, field));
      return;
    }
    case 'StorageClass':
      return requireClass(cluster.storageClasses, kind, name);
    case 'ServiceAccount':
      if (await exists(cluster.serviceAccounts, { namespace, name })) return;
      break;
    case 'PersistentVolumeClaim':
      if (await exists(cluster.pvcs, { namespace, name })) return;
      break;
  }
  throw refusal(failures.objectMissing(object, field));
}

/** Names of the keys that the Secret holds. */
export async function requireSecret(
  cluster: Cluster,
  {
    namespace,
    name,
    keys,
  }: { readonly namespace: string; readonly name: string; readonly keys: readonly string[] },
): Promise<readonly string[]> {
  const secret = await cluster.secrets.get({ namespace, name });
  if (secret === undefined) throw refusal(failures.secretMissing(`${namespace}/${name}`));
  const missing = keys.filter((key) => (secret.data?.[key] ?? '') === '');
  if (missing.length > 0) throw refusal(failures.secretIncomplete(`${namespace}/${name}`, missing));
  return Object.keys(secret.data ?? {});
}

export async function requireClass<T extends KubernetesObject>(
  resource: Resource<T>,
  kind: string,
  name: string,
): Promise<void> {
  if (!(await exists(resource, { namespace: '', name }))) throw refusal(failures.classMissing(kind, name));
}

async function exists<T extends KubernetesObject>(
  resource: Resource<T>,
  ref: { readonly namespace: string; readonly name: string },
): Promise<boolean> {
  return (await resource.get(ref)) !== undefined;
}
