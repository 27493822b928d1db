// Reads a mover's log line by line: progress for the heartbeat, the result for the report, and the end of
// what is worth keeping for `status.latestMoverStatus` (at most 1024 bytes, VolSync's default).
import type { MoverProgress } from '../api/sync.ts';
import { redactedText } from '../domain/redacted-text.ts';
import type { LogLine, MoverLogFormat } from './mover.ts';

const KEPT_BYTES = 1024;
const KEPT_LINES = 50;
// A success that is not all that its owner may take it for: nothing was there to carry, or not everything was carried.
const WARNING = /^\s*(ERROR|NOTICE)|Directory is empty|No eligible/;

export class MoverLog {
  readonly #format: MoverLogFormat;
  readonly #kept: string[] = [];
  readonly #recent: string[] = [];
  #summary: (LogLine & { kind: 'summary' }) | undefined;

  constructor(format: MoverLogFormat) {
    this.#format = format;
  }

  /** Takes in one line; returns progress if it was one of progress. */
  read(line: string): MoverProgress | undefined {
    const understood = this.#format.readLine(line);
    if (understood.kind === 'progress') return understood.progress;
    if (understood.kind === 'summary') this.#summary = { ...this.#summary, ...understood };
    if (understood.text !== undefined) this.#keep(understood.text);
    return undefined;
  }

  /** What the mover said it moved, with the filtered log of a success. */
  moved() {
    const { snapshotId, bytes, files, bytesAdded } = this.#summary ?? {};
    const warning = this.#kept.findLast((line) => WARNING.test(line));
    return {
      logs: endOf(this.#kept),
      ...(warning !== undefined && { warning: warning.trim() }),
      ...(snapshotId !== undefined && { snapshotId }),
      ...(bytes !== undefined && { bytes }),
      ...(files !== undefined && { files }),
      ...(bytesAdded !== undefined && { bytesAdded }),
    };
  }

  /** The end of the log of a failure, without progress. */
  tail(): string {
    return endOf(this.#recent);
  }

  /** The last thing a failed mover said, for a sentence about it. */
  lastLine(): string {
    return this.#recent.findLast((line) => line.trim() !== '') ?? 'its log is empty';
  }

  #keep(line: string): void {
    const text = beginningOf(redactedText(line));
    if (this.#format.keepsFailureLine?.(text) ?? true) this.#recent.push(text);
    if (this.#recent.length > KEPT_LINES) this.#recent.shift();
    if (!this.#format.keepsLine(text)) return;
    this.#kept.push(text);
    if (this.#kept.length > KEPT_LINES) this.#kept.shift();
  }
}

// A line that is longer than all that may be kept still says something.
function beginningOf(line: string): string {
  if (Buffer.byteLength(line) <= KEPT_BYTES) return line;
  const cut = Buffer.from(line).subarray(0, KEPT_BYTES - 3);
  return `${new TextDecoder().decode(cut).replace(/\uFFFD$/, '')}…`;
}

// Whole lines only: a cut in the middle of a UTF-8 character would not be valid JSON.
function endOf(lines: readonly string[]): string {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.toReversed()) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > KEPT_BYTES + 1) break;
    kept.unshift(line);
  }
  return kept.join('\n');
}
