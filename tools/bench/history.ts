// What a sync's history in Temporal tells: how long it is, and how long each hop took.
import type { WorkflowHandle } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

export interface SyncHistory {
  readonly events: number;
  /** Milliseconds since the epoch of the first event of each kind, such as `signal` or `takeCopy started`. */
  readonly times: Readonly<Record<string, number>>;
}

export function readHistory({ events }: History): SyncHistory {
  const all = events ?? [];
  const activities = new Map(
    all.map((event) => [
      String(event.eventId),
      event.activityTaskScheduledEventAttributes?.activityType?.name ?? '',
    ]),
  );
  const times: Record<string, number> = {};
  for (const event of all) {
    const name = messageOf(event) ?? stepOf(event, activities) ?? wakeOf(event, times);
    if (name !== undefined) times[name] ??= millisecondsOf(event);
  }
  return { events: all.length, times };
}

function messageOf(event: HistoryEvent): string | undefined {
  if (event.workflowExecutionStartedEventAttributes) return 'workflow started';
  return event.workflowExecutionSignaledEventAttributes ? 'signal' : undefined;
}

function stepOf(event: HistoryEvent, activities: ReadonlyMap<string, string>): string | undefined {
  const activity = (id: unknown) => activities.get(String(id)) ?? '';
  const started = event.activityTaskStartedEventAttributes;
  const completed = event.activityTaskCompletedEventAttributes;
  if (event.activityTaskScheduledEventAttributes) return `${activity(event.eventId)} scheduled`;
  if (started) return `${activity(started.scheduledEventId)} started`;
  return completed ? `${activity(completed.scheduledEventId)} completed` : undefined;
}

/** The first workflow task after the signal. */
function wakeOf(event: HistoryEvent, times: SyncHistory['times']): string | undefined {
  return event.workflowTaskStartedEventAttributes && times['signal'] !== undefined ? 'woken' : undefined;
}

function millisecondsOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6;
}
