// How a sync ended, in one line.
import type { ReplicationSource } from '../../api/replication-source.ts';
import { hasFailed } from '../../domain/sync-request.ts';
import { synchronizingCondition } from '../../domain/synchronizing-condition.ts';
import { brief, bytes } from './print/amounts.ts';
import type { RunRecord } from './run-record.ts';

export interface SyncOutcome {
  readonly good: boolean;
  readonly text: string;
}

export function outcomeOfRecord(record: RunRecord): SyncOutcome {
  const { result, cause, copy, moved, startedAt, endedAt } = record;
  const parts = [
    copy?.freezeMs === undefined ? copy?.consistency : `frozen for ${brief(copy.freezeMs)}`,
    ...movedText(moved),
    endedAt === undefined ? undefined : `after ${brief(endedAt - startedAt)}`,
    cause === undefined ? undefined : `${cause.reason}: ${cause.message}`,
  ].filter((part) => part !== undefined);
  return { good: result === 'Successful', text: `${result}: ${parts.join(', ')}` };
}

function movedText(moved: RunRecord['moved']): readonly (string | undefined)[] {
  if (moved === undefined) return [];
  return [
    moved.bytes === undefined ? undefined : `${bytes(moved.bytes)} read`,
    moved.bytesAdded === undefined ? undefined : `${bytes(moved.bytesAdded)} new`,
    moved.warning,
  ];
}

/** Without Temporal: what the status of the source says once no sync runs. */
export function outcomeOfStatus(source: ReplicationSource): SyncOutcome {
  if (hasFailed(source)) return { good: false, text: `Failed: ${synchronizingCondition(source)?.message}` };
  const { lastCopy, lastSyncDuration } = source.status ?? {};
  const parts = [
    lastCopy?.freeze === undefined ? lastCopy?.consistency : `frozen for ${lastCopy.freeze}`,
    lastSyncDuration === undefined ? undefined : `after ${lastSyncDuration}`,
  ].filter((part) => part !== undefined);
  return { good: true, text: `Successful: ${parts.join(', ')}` };
}
