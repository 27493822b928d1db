// Reads Temporal's events: times, payloads and failures, as far as a story needs them. The objects are those of the
// client's `fetchHistory`; a recorded history (test/histories) reads the same.
import type { WorkflowHandle } from '@temporalio/client';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];

type Timestamp = NonNullable<HistoryEvent['eventTime']>;
type Attributes = NonNullable<HistoryEvent['activityTaskFailedEventAttributes']>;
export type TemporalFailure = NonNullable<Attributes['failure']>;
export type Payload = NonNullable<NonNullable<HistoryEvent['userMetadata']>['summary']>;

/** Milliseconds since the epoch. */
export function timeOf(time: Timestamp | null | undefined): number {
  return Number(String(time?.seconds ?? 0)) * 1_000 + (time?.nanos ?? 0) / 1e6;
}

/** What a payload says; undefined when it is null, or not JSON (a codec may have encrypted it). */
export function payloadValue(payload: Payload | null | undefined): unknown {
  const encoding = new TextDecoder().decode(payload?.metadata?.['encoding'] ?? new Uint8Array());
  if (encoding !== 'json/plain' || payload?.data == null) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(payload.data));
  } catch {
    return undefined;
  }
}

export function firstPayload(payloads: { readonly payloads?: Payload[] | null } | null | undefined): unknown {
  return payloadValue(payloads?.payloads?.[0]);
}

export interface Cause {
  readonly reason: string;
  readonly message: string;
}

/** What started it: the failure of the activity below the workflow's own, with its reason. */
export function causeOf(failure: TemporalFailure | null | undefined): Cause | undefined {
  if (failure == null) return undefined;
  const below = causeOf(failure.cause);
  if (below !== undefined && failure.applicationFailureInfo == null) return below;
  const message = failure.message ?? '';
  if (failure.applicationFailureInfo != null)
    return { reason: failure.applicationFailureInfo.type || 'Error', message };
  if (failure.timeoutFailureInfo != null) return { reason: 'Timeout', message };
  if (failure.canceledFailureInfo != null) return { reason: 'Cancelled', message };
  return message === '' ? undefined : { reason: 'Error', message };
}
