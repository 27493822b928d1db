// The application that is copied in every round: one volume with a little data in it, opted in, and its source.
import { randomBytes } from 'node:crypto';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { pvcOf, repository, sourceOf, writer } from './objects.ts';
import type { Storage } from './objects.ts';
import type { Place } from './place.ts';

export interface Application {
  readonly pvc: ObjectRef;
  readonly source: ObjectRef;
  /** Asks for a sync, in the way that both systems understand: a new `spec.trigger.manual`. */
  syncIsDue(tag: string): Promise<void>;
  /** What the owner does who sees WaitingForTrigger. */
  setTrigger(tag: string): Promise<void>;
  /** No copy and no mover is left of the last round. */
  isTidy(): boolean;
  remove(): Promise<void>;
}

/** Installs the application in a namespace of its own; the source comes with the first `syncIsDue`. */
export async function installApplication(place: Place, storage: Storage): Promise<Application> {
  const { cluster } = place;
  const namespace = `bench-${randomBytes(4).toString('hex')}`;
  const pvc = { namespace, name: 'data-pvc' };
  const source = { namespace, name: 'test-rs' };
  const secret = 'restic-secret';
  await cluster.namespaces.create({ metadata: { name: namespace } });
  await cluster.secrets.create(repository(place.stack, { namespace, name: secret }));
  await cluster.pvcs.create(pvcOf(pvc));
  await write(place, namespace, [pvc.name]);
  let created = false;
  return {
    pvc,
    source,
    async syncIsDue(tag) {
      if (created) await cluster.sources.patch(source, { spec: { trigger: { manual: tag } } });
      else await cluster.sources.create(sourceOf({ source, pvc: pvc.name, secret, tag, storage }));
      created = true;
    },
    setTrigger: (tag) => setTrigger(place, pvc, tag),
    isTidy: () => isTidy(place, namespace),
    async remove() {
      await cluster.sources.delete(source);
      await removeNamespace(place, namespace);
    },
  };
}

/** Fills the volumes and waits until they are written. */
export async function write(place: Place, namespace: string, pvcs: readonly string[]): Promise<void> {
  await place.cluster.pods.create(writer(namespace, pvcs));
  const written = '--for=jsonpath={.status.phase}=Succeeded';
  await place.kubectl('-n', namespace, 'wait', written, '--timeout=180s', 'pod/writer');
}

export async function setTrigger({ cluster }: Place, pvc: ObjectRef, tag: string): Promise<void> {
  await cluster.pvcs.patch(pvc, { metadata: { annotations: { [ANNOTATIONS.copyTrigger]: tag } } });
}

export function isTidy({ cluster }: Place, namespace: string): boolean {
  return [cluster.volumeSnapshots, cluster.jobs].every((kind) => kind.watch().list(namespace).length === 0);
}

export async function removeNamespace(place: Place, namespace: string): Promise<void> {
  await place.kubectl('delete', 'namespace', namespace, '--timeout=300s');
}
