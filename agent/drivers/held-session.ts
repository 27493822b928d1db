// A freeze that lives in sessions of a database: it holds while they do, and whoever dies, server or agent, ends it.
import { setTimeout as sleep } from 'node:timers/promises';

/** What a database's client must be able to do. */
export interface Session {
  /** Resolves when the session is alive. */
  beat(): Promise<void>;
  /** Ends it in good order. */
  end(): Promise<void>;
  /** Cuts the connection. */
  destroy(): void;
}

const BEAT_EVERY_MS = 2_000;
const BEAT_ANSWERED_WITHIN_MS = 3_000;
/** The server ends a session that is silent for longer, so that nobody stays frozen when the agent's machine is gone. */
export const SILENT_AT_MOST_MS = 15_000;
const ENDED_WITHIN_MS = 3_000;

/** Beats until the signal aborts; tells once when a session does not answer. */
export function keepAlive(
  sessions: readonly Session[],
  lost: (error: Error) => void,
  released: AbortSignal,
): void {
  const beating = async (): Promise<void> => {
    for (;;) {
      await sleep(BEAT_EVERY_MS, undefined, { signal: released });
      await Promise.all(sessions.map((session) => within(session.beat(), BEAT_ANSWERED_WITHIN_MS)));
    }
  };
  beating().catch((error: unknown) => {
    if (!released.aborted) lost(error instanceof Error ? error : new Error(String(error)));
  });
}

/** With the connection its locks go, whether the server answers or not. */
export async function endSession(session: Session): Promise<void> {
  await within(session.end(), ENDED_WITHIN_MS).catch(() => session.destroy());
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const seconds = milliseconds / 1000;
  const timer = setTimeout(
    () => reject(new Error(`the database gave no answer within ${seconds} s`)),
    milliseconds,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
