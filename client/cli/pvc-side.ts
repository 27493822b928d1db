// The owner's side of the protocol, as the person who types: reads the pvc, sets and takes back a trigger.
import type { ObjectRef, PersistentVolumeClaim } from '../../api/kubernetes.ts';
import type { SeenPvc } from '../../agent/pvc-answer.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import { wholeSeconds } from '../../domain/time.ts';
import { CliError } from './exit.ts';
import type { Place } from './place.ts';

export interface TriggerWish {
  readonly trigger: string;
  /** Milliseconds since the epoch, as all times here; undefined: a promise without an end. */
  readonly validUntil?: number | undefined;
  readonly quiescedAt?: number | undefined;
}

export function seenOf({ metadata }: PersistentVolumeClaim): SeenPvc {
  const { name, uid = '', resourceVersion = '', deletionTimestamp, annotations = {} } = metadata;
  return { name, uid, resourceVersion, deleting: deletionTimestamp !== undefined, annotations };
}

/** On condition that the pvc still is as it was read: throws reason Conflict else. */
export async function setTrigger(
  { cluster }: Place,
  seen: SeenPvc & Pick<ObjectRef, 'namespace'>,
  { trigger, validUntil, quiescedAt }: TriggerWish,
): Promise<SeenPvc> {
  const time = (at: number | undefined): string | null => (at === undefined ? null : wholeSeconds(at));
  const annotations = {
    [ANNOTATIONS.copyTrigger]: trigger,
    // What an earlier trigger left there would end this one's promise.
    [ANNOTATIONS.triggerValidUntil]: time(validUntil),
    [ANNOTATIONS.quiescedAt]: time(quiescedAt),
  };
  return patched(cluster, seen, annotations);
}

/** Takes away a trigger and what was said with it. */
export async function takeBack(
  { cluster }: Place,
  seen: SeenPvc & Pick<ObjectRef, 'namespace'>,
): Promise<SeenPvc> {
  const annotations = {
    [ANNOTATIONS.copyTrigger]: null,
    [ANNOTATIONS.triggerValidUntil]: null,
    [ANNOTATIONS.quiescedAt]: null,
  };
  return patched(cluster, seen, annotations);
}

/** What stays on the pvc would end the promise of the next trigger, which somebody else may set without a word about it. */
export async function forgetPromise(
  { cluster }: Place,
  seen: SeenPvc & Pick<ObjectRef, 'namespace'>,
  trigger: string,
): Promise<void> {
  const { annotations } = seen;
  if (annotations[ANNOTATIONS.copyTrigger] !== trigger) return;
  const promise = [ANNOTATIONS.triggerValidUntil, ANNOTATIONS.quiescedAt];
  const standing = promise.filter((key) => annotations[key] !== undefined);
  if (standing.length === 0) return;
  await patched(cluster, seen, Object.fromEntries(standing.map((key) => [key, null]))).catch(() => undefined);
}

async function patched(
  cluster: Place['cluster'],
  { namespace, name, uid, resourceVersion }: SeenPvc & Pick<ObjectRef, 'namespace'>,
  annotations: Readonly<Record<string, string | null>>,
): Promise<SeenPvc> {
  const metadata = { uid, resourceVersion, annotations };
  return seenOf(await cluster.pvcs.patch({ namespace, name }, { metadata }));
}

/** Refuses a trigger that could not be answered, with a sentence. */
export function refuseUnasked(seen: SeenPvc, trigger: string): void {
  const name = `PersistentVolumeClaim ${seen.name}`;
  if (seen.deleting) throw new CliError(`${name} is being deleted; nothing will be copied.`);
  if (seen.annotations[ANNOTATIONS.useCopyTrigger] === undefined)
    throw new CliError(
      `${name} does not carry ${ANNOTATIONS.useCopyTrigger}: no sync waits for its trigger; annotate it first, or use "sync".`,
    );
  if (trigger === '') throw new CliError('An empty trigger says nothing; leave VALUE out to use the time.');
  if (seen.annotations[ANNOTATIONS.latestCopyTrigger] === trigger)
    throw new CliError(`The trigger ${trigger} was answered already; use another value, or leave it out.`);
}
