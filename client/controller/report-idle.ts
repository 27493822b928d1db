// Tells the owner of a source or destination when its next sync is due, or why its times cannot be read.
import type { OwnerObject } from '../../api/sync.ts';
import { events } from '../../domain/events.ts';
import { idleStatus } from '../../domain/idle-status.ts';
import { asRead } from '../../domain/preconditions.ts';
import type { Cluster, Resource } from '../../kubernetes/cluster.ts';
import { isConflict, isNotFound } from '../../kubernetes/kubernetes-error.ts';
import { refOf } from '../../kubernetes/object-ref.ts';

/** A status that changed meanwhile, or an object that is gone, comes back as another change of it. */
export async function reportIdle<T extends OwnerObject>(
  cluster: Cluster,
  objects: Resource<T>,
  object: T,
): Promise<void> {
  const idle = idleStatus(object, cluster.now());
  if (idle === undefined) return;
  try {
    await objects.patchStatus(refOf(object), { metadata: asRead(object), status: idle.patch });
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return;
    throw error;
  }
  if (idle.complaint === undefined) return;
  const event = events.syncFailed('SourceInvalid', idle.complaint);
  await cluster.record({ ...event, regarding: object });
}
