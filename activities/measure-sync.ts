// What the metrics say of a sync that has ended.
import type { ReplicationDestination } from '../api/replication-destination.ts';
import type { ReplicationSource } from '../api/replication-source.ts';
import type {
  CopyTimes,
  Outcome,
  Owner,
  OwnerObject,
  ReceiveOutcome,
  SourceRef,
  SyncPlan,
  Unsuccessful,
} from '../api/sync.ts';
import { asDestination, asOwner } from '../domain/ownership.ts';
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
  /** How long the application stood still, whatever came of it; undefined when it did not. */
  readonly freezeMs: number | undefined;
}

export function measureSync({ ref, outcome, source, now, freezeMs }: Ended): SyncMeasures {
  const owner = asOwner(ref);
  const frozen = freezeMs === undefined ? {} : { freezeSeconds: freezeMs / 1_000 };
  const of = { ...copied(outcome.plan), ...frozen };
  if (outcome.result !== 'Successful') return { ...failed(owner, outcome, source), ...of };
  const { plan, copy } = outcome;
  return { owner, ...succeeded(plan, source, now), ...of, ...waited(copy) };
}

function copied(plan: SyncPlan | undefined): Pick<SyncMeasures, 'copyMethod' | 'driver'> {
  if (plan === undefined) return {};
  const { driver } = plan.pvc;
  return { copyMethod: plan.copyMethod, ...(driver !== undefined && { driver }) };
}

export interface DestinationEnded extends Pick<Ended, 'ref' | 'now'> {
  readonly outcome: ReceiveOutcome;
  readonly destination: ReplicationDestination | undefined;
}

export function measureDestination({ ref, outcome, destination, now }: DestinationEnded): SyncMeasures {
  const owner = asDestination(ref);
  if (outcome.result !== 'Successful') return failed(owner, outcome, destination);
  return { owner, ...succeeded(outcome.plan, destination, now) };
}

function failed(
  owner: Owner,
  { result, reason }: Unsuccessful,
  object: OwnerObject | undefined,
): SyncMeasures {
  return { owner, mover: moverInSpec(object?.spec ?? {}), result, reason };
}

function succeeded(
  { mover, startTime }: { readonly mover: string; readonly startTime: string },
  object: OwnerObject | undefined,
  now: number,
) {
  const deadline = object && syncDeadline(object);
  return {
    mover,
    result: 'Successful',
    reason: '',
    durationSeconds: (now - Date.parse(startTime)) / 1_000,
    late: deadline !== undefined && now > deadline,
  } as const;
}

function waited({ askedTime, triggeredTime }: CopyTimes): { readonly waitingSeconds?: number } {
  if (askedTime === undefined || triggeredTime === undefined) return {};
  return { waitingSeconds: Math.max(0, Date.parse(triggeredTime) - Date.parse(askedTime)) / 1_000 };
}
