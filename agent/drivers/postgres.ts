// PostgreSQL: one held session for each database, with a lock on every table that lets others read and nobody write,
// and a checkpoint. What backup mode would do instead, and why that is no freeze, docs/agent.md says.
import pg from 'pg';
import type { Driver } from './driver.ts';
import { SILENT_AT_MOST_MS, endSession, keepAlive } from './held-session.ts';
import type { Session } from './held-session.ts';
import { lockEveryTable } from './postgres-locks.ts';

const CONNECTED_WITHIN_MS = 5_000;

interface PostgresSession extends Session {
  readonly client: pg.Client;
}

/** `databases`: those that are written to; none means the one that PGDATABASE names. */
export function postgresDriver(databases: readonly string[]): Driver {
  let sessions: readonly PostgresSession[] = [];
  let released = new AbortController();
  return {
    outlivesAgent: false,
    async quiesce({ signal, lost }) {
      released = new AbortController();
      const watching = released.signal;
      const told = (error: Error): void => {
        if (!watching.aborted) lost(error);
      };
      const opened: PostgresSession[] = [];
      sessions = opened;
      const giveUp = (): void => opened.forEach((session) => session.destroy());
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        for (const database of databases.length === 0 ? [undefined] : databases)
          opened.push(await open(database, told));
        for (const { client } of opened) await lockEveryTable(client, signal);
        // Nothing is written any more; what was committed without waiting for the disk gets there, too.
        await opened[0]?.client.query('CHECKPOINT').catch(explainCheckpoint);
        signal.throwIfAborted();
      } catch (error) {
        giveUp(); // One may have been opened after the abort.
        throw error;
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
      keepAlive(opened, told, watching);
    },
    async unquiesce() {
      released.abort();
      const ended = sessions;
      sessions = [];
      await Promise.all(ended.map(endSession));
    },
  };
}

async function open(database: string | undefined, lost: (error: Error) => void): Promise<PostgresSession> {
  const client = new pg.Client({
    ...(database !== undefined && { database }),
    connectionTimeoutMillis: CONNECTED_WITHIN_MS,
    keepAlive: true,
    application_name: 'stillpoint-agent',
  });
  client.on('error', lost);
  client.on('end', () => lost(new Error('the session of the database has ended')));
  await client.connect();
  await client.query(SESSION_SETTINGS);
  return {
    client,
    beat: async () => void (await client.query('SELECT 1')),
    end: () => client.end(),
    destroy: () => destroy(client),
  };
}

// The settings of the role or the database must not end the session, nor may it outlive an agent that is gone.
// transaction_timeout is there since version 17.
const SESSION_SETTINGS = `
  SELECT set_config(name, CASE name
    WHEN 'idle_in_transaction_session_timeout' THEN '${SILENT_AT_MOST_MS}'
    WHEN 'tcp_user_timeout' THEN '${SILENT_AT_MOST_MS}'
    ELSE '0' END, false)
  FROM pg_settings
  WHERE name IN ('idle_in_transaction_session_timeout', 'tcp_user_timeout', 'statement_timeout',
    'transaction_timeout', 'idle_session_timeout')`;

function explainCheckpoint(error: unknown): never {
  const denied = error instanceof pg.DatabaseError && error.code === '42501';
  if (!denied) throw error;
  const message =
    'the user may not run CHECKPOINT; grant it the role pg_checkpoint (a superuser before version 15)';
  throw new Error(message, { cause: error });
}

// `end` waits for the server; this does not.
function destroy(client: pg.Client): void {
  const { connection } = client as unknown as {
    readonly connection?: { readonly stream?: { destroy(): void } };
  };
  connection?.stream?.destroy();
}
