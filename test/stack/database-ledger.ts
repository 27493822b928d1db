// Clients of a database that write while copies are taken, and remember what the server has acknowledged, and when.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Entry {
  readonly id: number;
  /** By this machine's clock: when the commit was asked for, and when the server said that it is done. */
  readonly askedAt: number;
  readonly acknowledgedAt: number;
}

export interface Ledger {
  /** What was acknowledged until now. */
  readonly entries: readonly Entry[];
  stop(): Promise<void>;
}

export interface Writer {
  /** Resolves when the server has acknowledged the entry as committed. */
  write(id: number): Promise<unknown>;
  end(): Promise<void>;
}

const WRITERS = 4;
/** Between two transactions of a writer, so that other tests get a turn on this machine. */
const BREATHES_MS = 5;

/** Each writer inserts the next number in a transaction of its own, again and again. */
export function startLedger(connect: () => Promise<Writer>): Ledger {
  const entries: Entry[] = [];
  let next = 0;
  let stopped = false;
  const write = async (): Promise<void> => {
    const writer = await connect();
    while (!stopped) {
      const id = (next += 1);
      const askedAt = Date.now();
      await writer.write(id);
      entries.push({ id, askedAt, acknowledgedAt: Date.now() });
      await sleep(BREATHES_MS);
    }
    await writer.end();
  };
  const writers = Promise.all(Array.from({ length: WRITERS }, write));
  return {
    entries,
    async stop() {
      stopped = true;
      await writers;
    },
  };
}

/**
 * What is wrong with a copy: nothing, if it holds every entry that was acknowledged before the freeze, none that was
 * asked for after it, and if nothing at all was committed in between.
 */
export function judge(
  held: ReadonlySet<number>,
  entries: readonly Entry[],
  { quiescedAt, letGoAt }: { readonly quiescedAt: number; readonly letGoAt: number },
): readonly string[] {
  const missing = entries.filter(({ id, acknowledgedAt }) => acknowledgedAt < quiescedAt && !held.has(id));
  const late = entries.filter(({ id, acknowledgedAt }) => acknowledgedAt > letGoAt && held.has(id));
  const within = entries.filter(
    ({ askedAt, acknowledgedAt }) => askedAt > quiescedAt && acknowledgedAt < letGoAt,
  );
  return [
    ...missing.map(({ id }) => `${id} was acknowledged before the freeze and is missing`),
    ...late.map(({ id }) => `${id} was acknowledged after the release and is there`),
    ...within.map(({ id }) => `${id} was committed during the freeze`),
  ];
}
