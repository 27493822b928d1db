// Which syncs have to look at their pvc again. A nudge says nothing by itself; the sync reads the pvc.
import type { ObjectRef, PersistentVolumeClaim } from '../api/kubernetes.ts';
import { ANNOTATIONS, readCopyTrigger, readCopyWindow } from './copy-trigger.ts';
import type { CopyWindow } from './copy-trigger.ts';
import { readWindowState } from './copy-window.ts';
import { sourceOfRun } from './ended-sync.ts';

/**
 * Workflow ids of the syncs that wait for this pvc and for which something has happened.
 * The same resource version before and after is a relist: whatever stands there is told again.
 */
export function nudgesFor(
  before: PersistentVolumeClaim | undefined,
  after: PersistentVolumeClaim | undefined,
): readonly string[] {
  return before !== undefined && lostWindow(before, after) ? runsOf(before) : runsToTell(before, after);
}

/** Workflow ids of the syncs of this source that wait for one of these pvcs: once it is edited, they plan anew. */
export function waitingRunsOf(source: ObjectRef, pvcs: readonly PersistentVolumeClaim[]): readonly string[] {
  return pvcs.flatMap(runsOf).filter((run) => {
    const ref = sourceOfRun(run);
    return ref?.namespace === source.namespace && ref.name === source.name;
  });
}

// The pvc is gone, was created anew, or somebody removed the window that syncs wait in.
function lostWindow(before: PersistentVolumeClaim, after: PersistentVolumeClaim | undefined): boolean {
  if (before.metadata.uid !== after?.metadata.uid) return true;
  const window = waitingWindow(before);
  return window !== undefined && windowOf(after)?.id !== window.id;
}

function runsOf(pvc: PersistentVolumeClaim): readonly string[] {
  return waitingWindow(pvc)?.runs ?? [];
}

function runsToTell(
  before: PersistentVolumeClaim | undefined,
  after: PersistentVolumeClaim | undefined,
): readonly string[] {
  const news = after && newsFor(after);
  if (news === undefined) return [];
  const relisted = before?.metadata.resourceVersion === after?.metadata.resourceVersion;
  const known = before !== undefined && newsFor(before)?.text === news.text;
  return known && !relisted ? [] : news.runs;
}

interface News {
  readonly runs: readonly string[];
  /** Differs whenever there is something new to be told, or somebody new to be told. */
  readonly text: string;
}

/** What waiting syncs would act on; undefined while nobody waits or there is nothing to do but wait. */
function newsFor(pvc: PersistentVolumeClaim): News | undefined {
  const accepted = proceededWindow(pvc);
  if (accepted !== undefined)
    return { runs: accepted.runs, text: JSON.stringify([accepted.id, accepted.runs, 'accepted']) };
  const window = waitingWindow(pvc);
  const happened = whatHappened(pvc);
  if (window === undefined || happened === undefined) return undefined;
  return { runs: window.runs, text: JSON.stringify([window.id, window.runs, happened]) };
}

/** The window of several syncs that one of them has accepted without a trigger, by a word that the others have not heard (row 5). */
function proceededWindow(pvc: PersistentVolumeClaim): CopyWindow | undefined {
  const { uid = '', annotations = {} } = pvc.metadata;
  const current = readWindowState({ uid, annotations });
  if (current.state !== 'frozen' || current.window.by === undefined) return undefined;
  return current.window.runs.length > 1 ? current.window : undefined;
}

/** The window in which syncs wait for a trigger; undefined when nobody waits. */
function waitingWindow(pvc: PersistentVolumeClaim): CopyWindow | undefined {
  const status = pvc.metadata.annotations?.[ANNOTATIONS.latestCopyStatus];
  return status === 'WaitingForTrigger' ? windowOf(pvc) : undefined;
}

function windowOf(pvc: PersistentVolumeClaim | undefined): CopyWindow | undefined {
  return readCopyWindow(pvc?.metadata.annotations ?? {});
}

function whatHappened(pvc: PersistentVolumeClaim): string | undefined {
  const annotations = pvc.metadata.annotations ?? {};
  if (pvc.metadata.deletionTimestamp !== undefined) return 'deleted';
  const trigger = readCopyTrigger(annotations);
  switch (trigger.kind) {
    case 'unused':
      return 'opted out';
    case 'awaited':
      return undefined;
    case 'fresh':
      return `trigger ${trigger.trigger}, valid until ${annotations[ANNOTATIONS.triggerValidUntil]}`;
  }
}
