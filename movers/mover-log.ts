// Reads a mover's log line by line: progress for the heartbeat, the result for the report, and the end of
// what is worth keeping for `status.latestMoverStatus` (at most 1024 bytes, VolSync's default).
import type { MoverProgress } from '../api/sync.ts';
import { redactedText } from '../domain/redacted-text.ts';
import type { LogLine, Mover } from './mover.ts';

const KEPT_BYTES = 1024;
const KEPT_LINES = 50;

export class MoverLog {
  readonly #mover: Pick<Mover<never>, 'readLine' | 'keepsLine'>;
  readonly #kept: string[] = [];
  readonly #recent: string[] = [];
  #summary: (LogLine & { kind: 'summary' }) | undefined;

  constructor(mover: Pick<Mover<never>, 'readLine' | 'keepsLine'>) {
    this.#mover = mover;
  }

  /** Takes in one line; returns progress if it was one of progress. */
  read(line: string): MoverProgress | undefined {
    const understood = this.#mover.readLine(line);
    if (understood.kind === 'progress') return understood.progress;
    if (understood.kind === 'summary') this.#summary = understood;
    else this.#keep(understood.text);
    return undefined;
  }

  /** What the mover said it moved, with the filtered log of a success. */
  moved() {
    const { snapshotId, bytes, files, bytesAdded } = this.#summary ?? {};
    return {
      logs: endOf(this.#kept),
      ...(snapshotId !== undefined && { snapshotId }),
      ...(bytes !== undefined && { bytes }),
      ...(files !== undefined && { files }),
      ...(bytesAdded !== undefined && { bytesAdded }),
    };
  }

  /** The end of the log of a failure, unfiltered but for progress. */
  tail(): string {
    return endOf(this.#recent);
  }

  /** The last thing a failed mover said, for a sentence about it. */
  lastLine(): string {
    return this.#recent.findLast((line) => line.trim() !== '') ?? 'its log is empty';
  }

  #keep(line: string): void {
    const text = beginningOf(redactedText(line));
    this.#recent.push(text);
    if (this.#recent.length > KEPT_LINES) this.#recent.shift();
    if (!this.#mover.keepsLine(text)) return;
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
