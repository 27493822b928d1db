import type { KubernetesObject, ObjectRef } from '../api/kubernetes.ts';
import type { CallOptions, MergePatch, Resource, SharedWatch } from './cluster.ts';
import { apiVersionOf, collectionPath, objectPath, subjectOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { KubernetesError, isNotFound } from './kubernetes-error.ts';
import { listAll } from './list.ts';
import { writeForUid } from './status-patch.ts';
import type { ApiRequest, Transport } from './transport.ts';

export interface ResourceOptions<T extends KubernetesObject> {
  readonly transport: Transport;
  /** Under which name managedFields remembers our writes. */
  readonly fieldManager: string;
  readonly watch: () => SharedWatch<T>;
}

/** The calls of one kind. What they return is the API server's JSON, which it has validated. */
export function createResource<T extends KubernetesObject>(
  kind: Kind,
  { transport, fieldManager, watch }: ResourceOptions<T>,
): Resource<T> {
  const target = (ref: ObjectRef) => ({
    resource: kind.plural,
    subject: subjectOf(kind, ref),
    path: objectPath(kind, ref),
  });
  const get = async (ref: ObjectRef, { signal }: CallOptions = {}): Promise<T | undefined> => {
    const found = transport.call({ verb: 'get', ...target(ref), signal });
    return (await found.catch(undefinedIfNotFound)) as T | undefined;
  };
  const patchAt = async (at: Target, body: MergePatch, { signal }: CallOptions = {}): Promise<T> => {
    const request = { ...at, query: { fieldManager }, contentType: MERGE_PATCH, body, signal };
    return (await transport.call({ verb: 'patch', ...request }).catch(asConflict)) as T;
  };

  return {
    watch,
    get,
    list: (where, { signal } = {}) => listAll<T>(transport, kind, { ...where, signal }),
    async create(object, { signal } = {}) {
      const { namespace = '', name } = object.metadata;
      const request = { ...target({ namespace, name }), path: collectionPath(kind, namespace), signal };
      const body = { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
      return (await transport.call({ verb: 'create', ...request, query: { fieldManager }, body })) as T;
    },
    patch: (ref, patch, options) => patchAt(target(ref), patch, options),
    patchStatus(ref, patch, options) {
      const at = { ...target(ref), path: `${objectPath(kind, ref)}/status` };
      const write = (checked: MergePatch): Promise<T> => patchAt(at, checked, options);
      return writeForUid({ patch, subject: at.subject, read: () => get(ref, options), write });
    },
    async delete(ref, preconditions, { signal } = {}) {
      const body = { ...DELETE_OPTIONS, preconditions };
      await transport.call({ verb: 'delete', ...target(ref), body, signal }).catch(undefinedIfNotFound);
    },
  };
}

const MERGE_PATCH = 'application/merge-patch+json';
const DELETE_OPTIONS = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };

type Target = Pick<ApiRequest, 'resource' | 'subject' | 'path'>;

function undefinedIfNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

/** The API server calls a uid of another object Invalid ("field is immutable"); as a precondition it is a Conflict. */
function asConflict(error: unknown): never {
  const refusesUid = error instanceof KubernetesError && error.fields.includes('metadata.uid');
  if (!refusesUid || error.reason !== 'Invalid') throw error;
  throw new KubernetesError({ code: 409, reason: 'Conflict', message: error.message, cause: error });
}
