// A container's log, followed once from its beginning to its end, however often the connection breaks: each
// line carries the kubelet's time stamp, and a new connection goes on after the last line that was given.
import type { ObjectRef } from '../api/kubernetes.ts';
import { backoffMs, pause } from './backoff.ts';
import type { BackoffLimits } from './backoff.ts';
import { objectPath, subjectOf, KINDS } from './kinds.ts';
import { isNotFound, isTransient } from './kubernetes-error.ts';
import { splitLines } from './lines.ts';
import type { Transport } from './transport.ts';

export interface FollowLogRequest {
  readonly pod: ObjectRef;
  readonly container: string;
  readonly tailLines?: number | undefined;
  readonly signal: AbortSignal;
  /** Asked where the stream ends: has the container, too? Without it, the first end is the end. */
  readonly ended?: (() => Promise<boolean>) | undefined;
}

/** Longer lines are cut: a mover that writes no line breaks must not fill our memory. */
const LONGEST_LINE = 64 * 1024;
const RECONNECT: BackoffLimits = { firstMs: 500, longestMs: 30_000 };

/** The container's lines as they come, each once. Refusals of the first connection and the caller's abort throw. */
export async function* followPodLog(
  transport: Transport,
  request: FollowLogRequest,
): AsyncGenerator<string, void> {
  const { signal, ended = () => Promise.resolve(true) } = request;
  const place = new LogPlace();
  for (let failures = 0; ; failures += 1) {
    const before = place.lines;
    try {
      yield* connect(transport, request, place);
    } catch (error) {
      if (signal.aborted || !mayReconnect(error, request, place)) throw error;
      if (isNotFound(error)) return;
    }
    if (await ended()) return;
    if (place.lines > before) failures = 0;
    await pause(backoffMs(failures + 1, RECONNECT), signal);
    signal.throwIfAborted();
  }
}

async function* connect(
  transport: Transport,
  { pod, container, tailLines, signal }: FollowLogRequest,
  place: LogPlace,
): AsyncGenerator<string, void> {
  place.reopen();
  const chunks = transport.stream({
    verb: 'log',
    resource: 'pods',
    subject: subjectOf(KINDS.pods, pod),
    path: `${objectPath(KINDS.pods, pod)}/log`,
    query: {
      follow: true,
      container,
      timestamps: true,
      ...(place.since === undefined ? { tailLines } : { sinceTime: place.since }),
    },
    signal,
  });
  for await (const line of splitLines(chunks, LONGEST_LINE)) {
    const text = place.take(line);
    if (text !== undefined) yield text;
  }
}

// A broken connection after the first line ends the log at the latest; before it, only who can tell the end waits.
function mayReconnect(error: unknown, { ended }: FollowLogRequest, { lines }: LogPlace): boolean {
  if (isNotFound(error)) return lines > 0; // The pod was deleted: its log is over.
  return isTransient(error) && (lines > 0 || ended !== undefined);
}

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)) /;

/** How far a log was read. */
class LogPlace {
  /** Lines given so far. */
  lines = 0;
  /** Stamp of the last line given. The API server rounds it down to a second, so lines come again. */
  since: string | undefined;
  #instant = '';
  /** Lines given that bear this very stamp, and how many of them are still to come again. */
  #sharing = 0;
  #again = 0;
  #catchingUp = false;

  /** The next lines may be old ones. */
  reopen(): void {
    this.#catchingUp = this.since !== undefined;
    this.#again = this.#sharing;
  }

  /** The line without its stamp; undefined if it was given before. */
  take(line: string): string | undefined {
    const [head = '', stamp = '', fraction = ''] = STAMP.exec(line) ?? [];
    if (head === '') return this.#give(line);
    const instant = `${Math.floor(Date.parse(stamp) / 1000)}.${fraction.padEnd(9, '0')}`;
    if (this.#catchingUp && this.#isOld(instant)) return undefined;
    this.#catchingUp = false; // From here on nothing is dropped, though the node's clock be set back.
    this.#sharing = instant === this.#instant ? this.#sharing + 1 : 1;
    this.#instant = instant;
    this.since = stamp;
    return this.#give(line.slice(head.length));
  }

  #isOld(instant: string): boolean {
    if (instant !== this.#instant) return instant < this.#instant;
    this.#again -= 1;
    return this.#again >= 0;
  }

  #give(text: string): string {
    this.lines += 1;
    return text;
  }
}
