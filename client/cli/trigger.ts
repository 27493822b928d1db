// `trigger`: copy-trigger is set as by the person who types, and its answer is waited for.
import { answerTo, stands } from '../../agent/pvc-answer.ts';
import type { SeenPvc } from '../../agent/pvc-answer.ts';
import type { ObjectRef } from '../../api/kubernetes.ts';
import { ANNOTATIONS } from '../../domain/copy-trigger.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import { pause } from '../../kubernetes/backoff.ts';
import { isConflict, isTransient } from '../../kubernetes/kubernetes-error.ts';
import type { Run } from './catalogue.ts';
import { durationFlag, requiredWord } from './durations.ts';
import { CliError, EXIT } from './exit.ts';
import type { ExitCode } from './exit.ts';
import { pvcAt } from './place.ts';
import type { Place } from './place.ts';
import { forgetPromise, refuseUnasked, seenOf, setTrigger, takeBack } from './pvc-side.ts';
import { brief } from './print/amounts.ts';

const PATIENCE_MS = 600_000;
const LOOK_EVERY_MS = 250;

export const run: Run = async (place, typed) => {
  const timeoutMs = durationFlag(typed, 'timeout') ?? PATIENCE_MS;
  const { pvc, ref } = await pvcAt(place, requiredWord(typed));
  const trigger = typed.words[1] ?? new Date(place.cluster.now()).toISOString();
  const seen = { ...seenOf(pvc), namespace: ref.namespace };
  refuseUnasked(seen, trigger);
  const waits = typed.flags['wait'] !== false;
  const setAt = place.cluster.now();
  await setOn(place, seen, { trigger, validUntil: waits ? setAt + timeoutMs : undefined });
  const waiting = seen.annotations[ANNOTATIONS.latestCopyStatus] === 'WaitingForTrigger';
  place.out.line(
    `persistentvolumeclaim ${ref.namespace}/${ref.name}: copy-trigger is ${trigger}${waiting ? '' : '; no sync waits for it yet'}`,
  );
  return waits ? untilAnswered(place, { ref, trigger, setAt, timeoutMs }) : EXIT.done;
};

interface Asked {
  readonly ref: ObjectRef;
  readonly trigger: string;
  readonly setAt: number;
  readonly timeoutMs: number;
}

// Somebody may write the pvc between our read and our patch.
async function setOn(
  place: Place,
  seen: SeenPvc & Pick<ObjectRef, 'namespace'>,
  wish: { readonly trigger: string; readonly validUntil: number | undefined },
): Promise<void> {
  try {
    await setTrigger(place, seen, wish);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const { pvc } = await pvcAt(place, `${seen.namespace}/${seen.name}`);
    const again = { ...seenOf(pvc), namespace: seen.namespace };
    refuseUnasked(again, wish.trigger);
    await setTrigger(place, again, wish);
  }
}

async function untilAnswered(place: Place, asked: Asked): Promise<ExitCode> {
  const { cluster, out, interrupted } = place;
  const until = Date.now() + asked.timeoutMs;
  let accepted = false;
  for (;;) {
    const seen = await look(cluster, asked.ref);
    if (seen !== undefined) {
      const { is } = answerTo(asked.trigger, seen);
      if (is === 'answered') return answered(place, asked, seen);
      if (is === 'absent') throw new CliError('Somebody has taken the trigger away, or set another one.');
      if (is === 'accepted' && !accepted) out.line('InProgress: the trigger is accepted; do not write');
      accepted = is === 'accepted';
      if (interrupted.aborted || (!accepted && Date.now() > until)) return giveUp(place, asked, seen);
    }
    await pause(LOOK_EVERY_MS, interrupted);
  }
}

// Undefined while the API server is away.
async function look(cluster: Cluster, ref: ObjectRef): Promise<SeenPvc | undefined> {
  try {
    const pvc = await cluster.pvcs.get(ref);
    if (pvc !== undefined) return seenOf(pvc);
  } catch (error) {
    if (isTransient(error)) return undefined;
    throw error;
  }
  throw new CliError(`PersistentVolumeClaim ${ref.namespace}/${ref.name} is gone.`);
}

async function answered(place: Place, { ref, trigger, setAt }: Asked, seen: SeenPvc): Promise<ExitCode> {
  const { out, cluster } = place;
  const status = seen.annotations[ANNOTATIONS.latestCopyStatus] ?? '';
  const took = brief(cluster.now() - setAt);
  await forgetPromise(place, { ...seen, namespace: ref.namespace }, trigger);
  if (status === 'Failed') {
    const error = seen.annotations[ANNOTATIONS.latestCopyError] ?? 'without a reason';
    out.line(out.ink('red', `Failed: there is no copy of this trigger; go on (${took}). ${error}`));
    return EXIT.failed;
  }
  // The next sync may ask again before we have seen the answer.
  out.line(out.ink('green', `Completed: the copy is taken; go on (${took})`));
  return EXIT.done;
}

// Who goes on without an answer takes the trigger back: it would say "I stand still" to the next sync.
async function giveUp(place: Place, { ref, trigger }: Asked, seen: SeenPvc): Promise<ExitCode> {
  const { interrupted } = place;
  const code = interrupted.aborted ? EXIT.interrupted : EXIT.timedOut;
  if (!stands(trigger, seen) || answerTo(trigger, seen).is === 'accepted')
    throw new CliError(
      `Not waited for any longer; the trigger ${trigger} is accepted, and is answered.`,
      code,
    );
  const back = await takeBack(place, { ...seen, namespace: ref.namespace }).catch(() => undefined);
  const how =
    back === undefined
      ? `and could not be taken back; look at the pvc, its promise ends by itself`
      : 'and is taken back';
  throw new CliError(`The trigger ${trigger} was not accepted in time, ${how}.`, code);
}
