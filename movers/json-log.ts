// Progress and results that a mover prints as JSON objects, one per line: restic's own messages, and in the same form
// those of rclone's script (docs/movers/restic.md, docs/movers/rclone.md). Everything else is text.
import type { LogLine } from './mover.ts';

interface MoverMessage {
  readonly message_type?: string;
  readonly percent_done?: number;
  readonly total_files?: number;
  readonly files_done?: number;
  readonly total_bytes?: number;
  readonly bytes_done?: number;
  /** Of a restore, for what a backup calls done. */
  readonly files_restored?: number;
  readonly bytes_restored?: number;
  readonly seconds_elapsed?: number;
  readonly seconds_remaining?: number;
  readonly snapshot_id?: string;
  readonly total_bytes_processed?: number;
  readonly total_files_processed?: number;
  readonly data_added?: number;
}

/** `phase` is what its progress is called in heartbeats. */
export function readJsonLine(line: string, phase: string): LogLine {
  const message = line.startsWith('{') ? parseMessage(line) : undefined;
  if (message?.message_type === 'status') return { kind: 'progress', progress: progressOf(message, phase) };
  if (message?.message_type === 'summary') return { kind: 'summary', ...movedBy(message) };
  return { kind: 'text', text: line };
}

function movedBy({ snapshot_id: snapshotId, ...message }: MoverMessage) {
  const bytes = message.total_bytes_processed ?? message.bytes_restored;
  const files = message.total_files_processed ?? message.files_restored;
  return {
    ...(snapshotId !== undefined && { snapshotId }),
    ...(bytes !== undefined && { bytes }),
    ...(files !== undefined && { files }),
    ...(message.data_added !== undefined && { bytesAdded: message.data_added }),
  };
}

function progressOf(message: MoverMessage, phase: string) {
  const { percent_done = 0, total_bytes, total_files } = message;
  const bytes_done = message.bytes_done ?? message.bytes_restored ?? 0;
  const files_done = message.files_done ?? message.files_restored ?? 0;
  const { seconds_elapsed, seconds_remaining } = message;
  return {
    phase,
    percent: Math.round(percent_done * 1000) / 10,
    bytesDone: bytes_done,
    filesDone: files_done,
    ...(total_bytes !== undefined && { bytesTotal: total_bytes }),
    ...(total_files !== undefined && { filesTotal: total_files }),
    ...(seconds_elapsed ? { bytesPerSecond: Math.round(bytes_done / seconds_elapsed) } : {}),
    ...(seconds_remaining !== undefined && { secondsRemaining: seconds_remaining }),
  };
}

function parseMessage(line: string): MoverMessage | undefined {
  try {
    return JSON.parse(line) as MoverMessage;
  } catch {
    return undefined; // A line that merely begins with a brace is text.
  }
}
