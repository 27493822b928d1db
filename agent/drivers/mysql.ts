// MySQL and MariaDB: FLUSH TABLES WITH READ LOCK in a held session. It blocks every write and every commit.
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import type { Driver } from './driver.ts';
import { SILENT_AT_MOST_MS, endSession, keepAlive } from './held-session.ts';
import type { Session } from './held-session.ts';

/** By the variables that the mysql client knows, and MYSQL_USER. */
export interface MysqlPlace {
  readonly MYSQL_HOST?: string | undefined;
  readonly MYSQL_TCP_PORT?: string | undefined;
  readonly MYSQL_UNIX_PORT?: string | undefined;
  readonly MYSQL_USER?: string | undefined;
  readonly MYSQL_PWD?: string | undefined;
}

const CONNECTED_WITHIN_MS = 5_000;
/** FLUSH waits for queries that run, and others wait behind it. */
const LOCKED_WITHIN_S = 10;

export function mysqlDriver(place: MysqlPlace = process.env): Driver {
  let session: Session | undefined;
  let released = new AbortController();
  return {
    outlivesAgent: false,
    async quiesce({ signal, lost }) {
      released = new AbortController();
      const watching = released.signal;
      const told = (error: Error): void => {
        if (!watching.aborted) lost(error);
      };
      const connection = await createConnection(optionsOf(place));
      connection.on('error', told);
      connection.on('end', () => told(new Error('the session of the database has ended')));
      const opened = sessionOf(connection);
      session = opened;
      const giveUp = (): void => opened.destroy();
      signal.addEventListener('abort', giveUp, { once: true });
      if (signal.aborted) giveUp();
      try {
        const silentS = Math.ceil(SILENT_AT_MOST_MS / 1000);
        await connection.query(
          `SET SESSION wait_timeout = ${silentS}, lock_wait_timeout = ${LOCKED_WITHIN_S}`,
        );
        await connection.query('FLUSH TABLES WITH READ LOCK');
        // What was committed without waiting for the disk gets there, too.
        await connection.query('FLUSH ENGINE LOGS');
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
      signal.throwIfAborted();
      keepAlive([opened], told, watching);
    },
    async unquiesce() {
      released.abort();
      const ended = session;
      session = undefined;
      if (ended !== undefined) await endSession(ended);
    },
  };
}

function sessionOf(connection: Connection): Session {
  return {
    beat: async () => void (await connection.query('SELECT 1')),
    end: () => connection.end(),
    destroy: () => connection.destroy(),
  };
}

function optionsOf({
  MYSQL_HOST,
  MYSQL_TCP_PORT,
  MYSQL_UNIX_PORT,
  MYSQL_USER = 'root',
  MYSQL_PWD,
}: MysqlPlace) {
  return {
    host: MYSQL_HOST ?? '127.0.0.1',
    port: Number(MYSQL_TCP_PORT ?? 3306),
    user: MYSQL_USER,
    ...(MYSQL_UNIX_PORT !== undefined && { socketPath: MYSQL_UNIX_PORT }),
    ...(MYSQL_PWD !== undefined && { password: MYSQL_PWD }),
    connectTimeout: CONNECTED_WITHIN_MS,
  };
}
