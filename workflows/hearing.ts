// The messages that reach a running sync: a nudge of the watcher, and a person's word.
import { defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { Proceed, SourceRef } from '../api/sync.ts';
import { PROCEED, PVC_CHANGED } from '../domain/messages.ts';
import { isQuiesceQueue } from '../domain/quiesce-queue.ts';

export const pvcChanged = defineSignal(PVC_CHANGED);
export const proceed = defineUpdate<string, [Proceed]>(PROCEED);

/** What was heard; whoever listens takes the nudge back once it has looked. */
export interface MessagesHeard {
  nudged: boolean;
  word?: Proceed;
  /** A person may proceed now. */
  waiting: boolean;
}

/** Sets up the handlers. */
export function hear(source: SourceRef): MessagesHeard {
  const heard: MessagesHeard = { nudged: false, waiting: false };
  setHandler(pvcChanged, () => void (heard.nudged = true), {
    description: `The PVC of ${source.namespace}/${source.name} changed: look at its annotations again. Harmless at any time.`,
  });
  setHandler(
    proceed,
    (said) => {
      heard.word = said;
      return `${said.by} lets the sync of ${source.namespace}/${source.name} copy without a trigger`;
    },
    {
      validator: (said) => refuseUnless(heard.waiting, said),
      description: 'Take the copy now, without a trigger. Input: {"by": "<your name>", "reason": "<why>"}',
    },
  );
  return heard;
}

/** Throws a sentence for the person, before anything of it is written to the history. */
export function refuseUnless(waiting: boolean, said: Partial<Proceed> | undefined): void {
  if (!waiting) throw new Error('this sync is not waiting for a trigger: there is nothing to proceed with');
  if (isBlank(said?.by) || isBlank(said?.reason))
    throw new Error('say who proceeds and why: {"by": "<your name>", "reason": "<why>"}');
  if (isQuiesceQueue(said?.by))
    throw new Error('"by" must name a person: what begins with quiesce/ is a task queue');
}

function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}
