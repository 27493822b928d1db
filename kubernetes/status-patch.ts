// The API server ignores a uid in a patch of a custom resource's status, and would write the report on a
// deleted source into the one that took its name. What it does check is the resourceVersion: that of a read
// which showed the uid stands for it. So a uid without a resourceVersion costs a read.
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { MergePatch } from './cluster.ts';
import { KubernetesError, isConflict } from './kubernetes-error.ts';

export interface StatusPatch<T> {
  readonly patch: MergePatch;
  /** What errors call the object. */
  readonly subject: string;
  readonly read: () => Promise<T | undefined>;
  readonly write: (patch: MergePatch) => Promise<T>;
}

/** As often as the API server itself tries a patch again that others overtake. */
const ATTEMPTS = 5;

/** Writes only if the object still has the uid that the patch names. */
export async function writeForUid<T extends KubernetesObject>(
  status: StatusPatch<T>,
  attempt = 1,
): Promise<T> {
  const { patch, subject, read, write } = status;
  const { uid, resourceVersion } = patch.metadata ?? {};
  if (uid === undefined || resourceVersion !== undefined) return write(patch);
  const metadata = { ...patch.metadata, resourceVersion: versionOf(await read(), { uid, subject }) };
  try {
    return await write({ ...patch, metadata });
  } catch (error) {
    if (!isConflict(error) || attempt === ATTEMPTS) throw error;
  }
  return writeForUid(status, attempt + 1);
}

function versionOf(found: KubernetesObject | undefined, wanted: { uid: string; subject: string }): string {
  const { uid, subject } = wanted;
  if (found === undefined)
    throw new KubernetesError({ code: 404, reason: 'NotFound', message: `${subject} is gone` });
  if (found.metadata.uid === uid) return found.metadata.resourceVersion ?? '';
  const message = `${subject} with uid ${uid} is gone; another object has taken its name`;
  throw new KubernetesError({ code: 409, reason: 'Conflict', message });
}
