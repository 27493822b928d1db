// Syncs that ended without a word: terminated by a person, or timed out by Temporal. Nothing of theirs has run at
// their end, so whoever looks after the cluster finds what still names them: a window, objects, a status.
import type { KubernetesObject, ObjectRef, PersistentVolumeClaim } from '../api/kubernetes.ts';
import { readWindowState } from './copy-window.ts';
import type { OwnerKind } from '../api/sync.ts';
import { failures } from './failures.ts';
import type { Failure } from './failures.ts';
import type { ScheduleOwner } from './messages.ts';
import { ANNOTATIONS_OF_RUN, LABELS } from './names.ts';

/** What Temporal says of a sync. `closed` is final; `how` goes on "the sync …": `was terminated`. */
export type RunState =
  | { readonly kind: 'running' }
  | { readonly kind: 'closed'; readonly how: string }
  | { readonly kind: 'unknown' };

export type RunVerdict =
  | { readonly do: 'nothing' }
  | { readonly do: 'lookAgain'; readonly afterMs: number }
  | { readonly do: 'tidyUp'; readonly failure: Failure };

/**
 * How long Temporal must not know a sync before that counts as its end: a server that was restored or has just
 * failed over may know it a little later, and an application that is told `Failed` too early has to begin anew.
 */
export const UNKNOWN_FOR_MS = 300_000;

/** What is to be done about a sync that the cluster speaks of; `unknownForMs` is the asker's own stopwatch. */
export function judgeRun(run: string, state: RunState, unknownForMs: number): RunVerdict {
  switch (state.kind) {
    case 'running':
      return { do: 'nothing' };
    case 'closed':
      return { do: 'tidyUp', failure: endOf(run, state.how) };
    case 'unknown':
      if (unknownForMs < UNKNOWN_FOR_MS) return { do: 'lookAgain', afterMs: UNKNOWN_FOR_MS - unknownForMs };
      return { do: 'tidyUp', failure: endOf(run, 'is not known to Temporal') };
  }
}

// No application waits for the sync of a destination.
function endOf(run: string, how: string): Failure {
  const failure = failures.syncEnded(run, how);
  if (ownerOfRun(run)?.kind !== 'ReplicationDestination') return failure;
  const message = `The sync ${run} ${how} before it had finished; status.latestImage is that of the sync before`;
  return { ...failure, message };
}

/** Workflow ids of the syncs in the open window of this pvc: they have to leave it before it closes. */
export function runsInWindow(pvc: PersistentVolumeClaim): readonly string[] {
  const { uid = '', annotations = {} } = pvc.metadata;
  const current = readWindowState({ uid, annotations });
  return current.state === 'idle' ? [] : current.window.runs;
}

/** Workflow id of the sync that this object goes with; undefined for what lasts longer, is kept, or goes already. */
export function runOfObject({ metadata }: KubernetesObject): string | undefined {
  const { labels = {}, annotations = {}, deletionTimestamp } = metadata;
  const goes = labels[LABELS.run] !== undefined && labels[LABELS.doNotDelete] === undefined;
  return goes && deletionTimestamp === undefined ? annotations[ANNOTATIONS_OF_RUN.workflowId] : undefined;
}

// Temporal puts the time at which it was due behind the id that the schedule gives.
const WORKFLOW_ID = /^(source|destination)\/([^/]+)\/([^/]+)-\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Whose schedule has started this sync; undefined for one that was started by hand. */
export function ownerOfRun(run: string): ScheduleOwner | undefined {
  const [, of, namespace, name] = WORKFLOW_ID.exec(run) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const kind: OwnerKind = of === 'source' ? 'ReplicationSource' : 'ReplicationDestination';
  return { kind, namespace, name };
}

/** The source whose schedule has started this sync; undefined for any other. */
export function sourceOfRun(run: string): ObjectRef | undefined {
  const owner = ownerOfRun(run);
  return owner?.kind === 'ReplicationSource' ? { namespace: owner.namespace, name: owner.name } : undefined;
}
