// A recorded history as a file: one line of JSON, without what tells of the machine that recorded it.
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** Replays like the history itself: stack traces, which have paths in them, decide nothing. */
export function historyText(history: History): string {
  return `${JSON.stringify(JSON.parse(historyToJSON(history)), (key, value: unknown) => (key === 'stackTrace' ? undefined : value))}\n`;
}

/** The text of a history with its payloads readable: they are base64. */
export function readableText(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
    key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
  );
}

/** `0.1` of the version 0.1.3: what stands in the name of a recorded history. */
export function versionInName(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
