// What the metrics say of a sync that has ended.
import type { ReplicationSource } from '../api/replication-source.ts';
import type { CopyTimes, Outcome, SourceRef } from '../api/sync.ts';
import { moverInSpec } from '../domain/schedule.ts';
import { syncDeadline } from '../domain/sync-deadline.ts';
import type { SyncMeasures } from '../telemetry/sync-metrics.ts';

export interface Ended {
  readonly ref: SourceRef;
  readonly outcome: Outcome;
  /** As it was before the end was written to its status; undefined when it is gone. */
  readonly source: ReplicationSource | undefined;
  /** API-server milliseconds since the epoch. */
  readonly now: number;
}

export function measureSync({ ref, outcome, source, now }: Ended): SyncMeasures {
  const { result } = outcome;
  if (outcome.result !== 'Successful')
    return { source: ref, mover: moverInSpec(source?.spec ?? {}), result, reason: outcome.reason };
  const { plan, copy } = outcome;
  const deadline = source && syncDeadline(source);
  return {
    source: ref,
    mover: plan.mover,
    result,
    reason: '',
    copyMethod: plan.copyMethod,
    ...(copy.freezeMs !== undefined && { freezeSeconds: copy.freezeMs / 1_000 }),
    ...waited(copy),
    durationSeconds: (now - Date.parse(plan.startTime)) / 1_000,
    late: deadline !== undefined && now > deadline,
  };
}

function waited({ askedTime, triggeredTime }: CopyTimes): { readonly waitingSeconds?: number } {
  if (askedTime === undefined || triggeredTime === undefined) return {};
  return { waitingSeconds: Math.max(0, Date.parse(triggeredTime) - Date.parse(askedTime)) / 1_000 };
}
