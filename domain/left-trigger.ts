// A trigger that stands there after its window is closed (rows 11 and 12 of the window's table): it was set after a
// copy had failed, or while an earlier copy was still being taken or moved. Its owner stands still, so the next
// sync does not wait for its time.
import type { ReplicationSource } from '../api/replication-source.ts';
import { freshTrigger } from './copy-trigger.ts';
import { acceptable, readWindowState } from './copy-window.ts';
import type { PvcView } from './copy-window.ts';
import { sourceOfRun } from './ended-sync.ts';
import { crc32 } from './names.ts';
import { waitsForPeople } from './sync-request.ts';
import { synchronizingCondition } from './synchronizing-condition.ts';

export interface LeftTrigger {
  /** Name of the start that it asks for; another window or another trigger makes another name. */
  readonly request: string;
  /** How the last copy ended. */
  readonly after: 'Completed' | 'Failed';
  /** Workflow ids of the syncs whose window that was. */
  readonly runs: readonly string[];
}

/** Undefined when there is none that a sync may accept now. */
export function leftTrigger(pvc: PvcView, now: number): LeftTrigger | undefined {
  const { state, window } = readWindowState(pvc);
  if (state !== 'idle' || window?.pvc !== pvc.uid || window.result === undefined) return undefined;
  if (!acceptable(pvc, now)) return undefined;
  const request = `trigger ${crc32(`${window.id}/${freshTrigger(pvc.annotations)}`)}`;
  return { request, after: window.result, runs: window.runs };
}

/** Whether the source is to serve it: one of those whose copy that was, else any of the pvc that asks at all. */
export function isToServe(
  left: LeftTrigger,
  source: ReplicationSource,
  others: readonly ReplicationSource[],
): boolean {
  if (!asks(source)) return false;
  return copied(left, source) || !(waitsForPeople(source) || others.some((other) => copied(left, other)));
}

/** A trigger after a copy that went well starts a sync only if it stood there when the last one ended; one that is set later waits for the next. */
export function stoodThereAtTheEnd(source: ReplicationSource, triggerWrittenAt: number | undefined): boolean {
  const condition = synchronizingCondition(source);
  if (condition?.status !== 'False' || triggerWrittenAt === undefined) return false;
  return triggerWrittenAt <= Date.parse(condition.lastTransitionTime);
}

function copied({ runs }: LeftTrigger, { metadata }: ReplicationSource): boolean {
  return runs.some((run) => {
    const source = sourceOfRun(run);
    return source?.namespace === metadata.namespace && source?.name === metadata.name;
  });
}

// `Direct`, or `None` as it was called, copies nothing and never asks.
function asks({ spec = {} }: ReplicationSource): boolean {
  const sections = [spec.restic, spec.rclone, spec.rsyncTLS, spec.rsync];
  return sections.some((section) => section?.copyMethod === 'Snapshot' || section?.copyMethod === 'Clone');
}
